/**
 * Units that an image starts although they have no [Install] section. NixOS makes its links to them when it builds the
 * system, and so do packages for some units of systemd's.
 */
import type { Warning } from '../warning.ts'
import type { UnitSite } from './unit-site.ts'

/**
 * Units that start others (systemd.special(7)). A site finds single files and lists no folder, so links below any other unit
 * are not found.
 */
const STARTERS = [
  ...['multi-user', 'graphical', 'default', 'basic', 'sysinit', 'sockets', 'timers', 'paths', 'getty', 'machines'],
  ...['network-pre', 'network', 'network-online', 'nss-lookup', 'nss-user-lookup', 'time-sync', 'time-set'],
  ...['local-fs-pre', 'local-fs', 'remote-fs-pre', 'remote-fs', 'swap', 'cryptsetup', 'first-boot-complete'],
  ...['initrd', 'shutdown', 'reboot', 'poweroff', 'halt', 'kexec', 'sleep', 'suspend', 'hibernate'],
].map(name => `${name}.target`)

/** Leaves out the warnings that a unit is not enabled, where the image starts it anyway. */
export async function withoutStarted(warnings: readonly Warning[], site: UnitSite): Promise<Warning[]> {
  const kept: Warning[] = []
  for (const warning of warnings) {
    const { code, path } = warning
    if (code !== 'UNIT_NOT_ENABLED' || path === undefined || !(await isStarted(path, site))) kept.push(warning)
  }
  return kept
}

/** Whether a target of the image starts a unit. */
export async function isStarted(unit: string, site: UnitSite): Promise<boolean> {
  for (const starter of STARTERS) {
    for (const folder of ['wants', 'requires']) {
      // A masked unit has no text, and does not start.
      if ((await site.findUnit(`${starter}.${folder}/${unit}`))?.text) return true
    }
  }
  return false
}
