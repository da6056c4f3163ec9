import { type ByteString, byteString } from '../bytes/index.ts'
import { octalMode } from '../units.ts'
import type { TopFolder } from './entries.ts'
import type { Report } from './findings.ts'

/** What everybody needs of the root: to list it, and to go through it. */
const FOR_ALL = 0o555
/** What nobody but root may do to it. */
const FOR_ROOT = 0o022

/** Looks at the mode and the owner that the root of the machine gets, by an entry of its own or by the top folder. */
export function checkRoot(folder: TopFolder | undefined, path: ByteString, report: Report): void {
  if (folder === undefined) return
  const { mode, uid, gid } = folder
  const details = { path: path === '' ? byteString`./` : path }
  const octal = octalMode(mode)
  if ((mode & FOR_ALL) !== FOR_ALL) {
    const message = `gives the root the mode ${octal}, with which services of other users reach nothing: make it 0755`
    report('root', message, details)
  } else if ((mode & FOR_ROOT) !== 0) {
    report('root', `gives the root the mode ${octal}, with which others change it: make it 0755`, details)
  }
  if (uid !== 0 || gid !== 0) {
    report('root', `gives the root to ${uid}:${gid}, which systemd-tmpfiles takes for unsafe: make it 0:0`, details)
  }
}
