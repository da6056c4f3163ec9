/** Whether `machinectl login` finds the unit that it makes a machine start (systemd `src/machine/machine-dbus.c`). */
import type { ByteString } from '../bytes/index.ts'
import type { Report } from './findings.ts'
import { type Lookup, resolvePath } from './resolve.ts'

const UNIT = 'container-getty@.service'
/** Where systemd looks for units; NixOS has its own below the toplevel until its activation links them to /etc. */
const FOLDERS = [
  'etc/systemd/system.control',
  'etc/systemd/system',
  'etc/systemd/system.attached',
  'usr/local/lib/systemd/system',
  'usr/lib/systemd/system',
  'lib/systemd/system',
]

/**
 * Checks an image that has units of systemd's, in the `toplevel` of its NixOS system or where Linux distributions have
 * them. `paths` are those of its entries, among which there may be further folders for units.
 */
export async function checkLogins(
  lookup: Lookup,
  toplevel: ByteString | undefined,
  paths: Iterable<ByteString>,
  report: Report,
): Promise<void> {
  const main = toplevel === undefined ? 'usr/lib/systemd/system' : `${toplevel}/etc/systemd/system`
  if ((await resolvePath(lookup, main)).node?.type !== 'directory') return
  const files = [main, ...FOLDERS].map(folder => `${folder}/${UNIT}`)
  for (const path of paths) if (path.startsWith('etc/') && path.endsWith(`/${UNIT}`)) files.push(path)
  for (const file of files) if ((await resolvePath(lookup, file)).node?.type === 'file') return
  const mend = toplevel === undefined ? 'install all of systemd' : 'set console.enable = true'
  report('login', `there is no ${UNIT}: ${mend}`)
}
