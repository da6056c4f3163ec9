/** The importers of other releases of systemd than that of this machine, in the root directories of hosts that do not run. */
import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { madeHost, type Suite } from './debian-host.ts'
import { execute } from './execute.ts'
import { systemdFolder } from './machines.ts'

/** The programs that it takes. */
export const CHROOT_PROGRAMS = ['mmdebstrap', 'unshare', 'mount', 'chroot', 'tar'] as const

/** The host cannot be written to, and has our /var/tmp: names of files there are the same inside and outside. */
const CHROOT = [
  'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"',
  'mount --rbind /var/tmp "$1/var/tmp" && mount --rbind /proc "$1/proc"',
  'exec chroot "$@"',
].join(' && ')

const flags = (machines: string) => ['--sync=no', '--image-root', machines]

/** Imports an image file below /var/tmp with the systemd of that suite, into `machines/name`, and returns that. */
export async function importOn(suite: Suite, file: string, machines: string, name: string): Promise<string> {
  const program = ['/usr/lib/systemd/systemd-import', ...flags(machines), 'tar', file, name]
  await execute('unshare', ['--mount', 'sh', '-c', CHROOT, 'sh', await madeHost(suite), ...program])
  return join(machines, name)
}

/** Imports an image file with the systemd of this machine and liblzma 5.2.5, as on a RHEL 9. */
export async function importWithOldXz(file: string, machines: string, name: string): Promise<string> {
  const env = { LD_LIBRARY_PATH: await oldLiblzma() }
  await execute(join(systemdFolder()!, 'systemd-import'), [...flags(machines), 'tar', file, name], { env })
  return join(machines, name)
}

/** A folder with the liblzma of Debian 11 and nothing else, made by the first who asks and kept for later runs. */
async function oldLiblzma(): Promise<string> {
  const folder = '/var/tmp/nspawn-rootfs-liblzma-5.2.5'
  if (existsSync(folder)) return folder
  const making = mkdtempSync(`${folder}-`)
  try {
    const packages = join(making, 'packages.tar')
    const apt = '--aptopt=Acquire::Check-Valid-Until "false"'
    await execute('mmdebstrap', ['--quiet', '--variant=extract', '--include=liblzma5', apt, 'bullseye', packages])
    const wanted = ['--wildcards', './lib/*/liblzma.so.5*', '--strip-components=3']
    await execute('tar', ['--extract', '--file', packages, '--directory', making, ...wanted])
    rmSync(packages)
    if (!readdirSync(making).includes('liblzma.so.5.2.5')) throw new Error(`${making}: ${readdirSync(making)}`)
    renameSync(making, folder)
  } finally {
    rmSync(making, { recursive: true, force: true })
  }
  return folder
}
