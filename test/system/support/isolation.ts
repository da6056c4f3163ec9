/** Runs of the command that cannot see what is on this machine. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type CliOptions, commandOf, REPOSITORY } from './cli.ts'
import type { Scratch } from './scratch.ts'

const UNSHARE = ['/usr/bin/unshare', '--mount', '/bin/sh', '-c']

/** As if there were no Nix: an empty folder at /nix, and none on PATH. */
export function withoutNix(scratch: Scratch): CliOptions {
  const script = '/usr/bin/mount --bind "$1" /nix && shift && [ ! -e /nix/store ] && exec "$@"'
  return { env: { PATH: scratch.make('path') }, through: [...UNSHARE, script, 'sh', scratch.make('nix')] }
}

/** As nobody, from bind mounts: neither node nor the checkout need lie where nobody may look. */
export function asNobody(scratch: Scratch, options: CliOptions = {}): CliOptions {
  const folder = scratch.make('nobody')
  const [node, checkout] = [join(folder, 'node'), join(folder, 'checkout')]
  writeFileSync(node, '')
  mkdirSync(checkout)
  const mount = '/usr/bin/mount --bind "$1" "$2" && /usr/bin/mount --bind "$3" "$4" && shift 4 && exec "$@"'
  const nobody = ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--no-new-privs']
  return {
    env: { HOME: '/nonexistent', ...options.env },
    through: [
      ...(options.through ?? []),
      ...[...UNSHARE, mount, 'sh', process.execPath, node, REPOSITORY, checkout],
      ...nobody,
    ],
    command: commandOf(checkout, node),
  }
}
