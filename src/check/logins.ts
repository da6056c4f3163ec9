/** Whether `machinectl login` finds the unit that it makes a machine start (systemd `src/machine/machine-dbus.c`). */
import { type ByteString, byteString, encodeText, joinPath } from '../bytes/index.ts'
import { isThere, type Lookup, resolvePath } from '../tree/index.ts'
import type { Report } from './findings.ts'
import type { ImageTree } from './image-tree.ts'
import { TEXTS_MAX } from './limits.ts'

const UNIT = byteString`container-getty@.service`
/** Where systemd looks for units; NixOS has its own below the toplevel until its activation links them to /etc. */
const FOLDERS = [
  'etc/systemd/system.control',
  'etc/systemd/system',
  'etc/systemd/system.attached',
  'usr/local/lib/systemd/system',
  'usr/lib/systemd/system',
  'lib/systemd/system',
].map(encodeText)

function isUsual(path: ByteString): boolean {
  return FOLDERS.includes(path.slice(0, -UNIT.length - 1))
}

/**
 * Checks an image that has units of systemd's, in the `toplevel` of its NixOS system or where Linux distributions have
 * them. In `tree` there may be further folders for units.
 */
export async function checkLogins(
  lookup: Lookup,
  toplevel: ByteString | undefined,
  tree: ImageTree,
  report: Report,
): Promise<void> {
  const main = toplevel === undefined ? byteString`usr/lib/systemd/system` : byteString`${toplevel}/etc/systemd/system`
  if ((await resolvePath(lookup, main)).node?.type !== 'directory') return
  const extra: ByteString[] = []
  for (const path of tree.below(byteString`etc`, UNIT)) {
    if (!isUsual(path)) extra.push(path)
    if (extra.length === TEXTS_MAX) break
  }
  for (const file of [...extra, ...[FOLDERS[0]!, main, ...FOLDERS.slice(1)].map(folder => joinPath(folder, UNIT))]) {
    if (!(await isThere(lookup, file))) continue
    // The first that is there counts. A link to /dev/null masks the unit.
    if ((await resolvePath(lookup, file)).node?.type === 'file') return
    break
  }
  const mend =
    toplevel === undefined
      ? 'install all of systemd'
      : 'set console.enable = true (from 26.11 on: services.getty.enable)'
  report('login', `there is no ${UNIT}: ${mend}`)
}
