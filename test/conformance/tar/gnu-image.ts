import { spawnSync } from 'node:child_process'
import { chmodSync, lstatSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inside } from '../../make-tree.ts'

/** The arguments with which nixpkgs has GNU tar write an image; hard links as files of their own. */
export const GNU_TAR = [
  ...['--hard-dereference', '--format=gnu', '--sort=name', '--mtime=@1', '--owner=0', '--group=0', '--numeric-owner'],
]

/**
 * Makes a chroot store on disk what GNU tar must see to write the image of it: every store path with the modes of a
 * store, the folders above 0755, the registration beside them.
 */
export function canonicalise(root: string, registration: Uint8Array): void {
  for (const folder of ['nix', 'nix/store']) chmodSync(join(root, folder), 0o755)
  for (const name of readdirSync(Buffer.from(join(root, 'nix/store')), { encoding: 'latin1' })) {
    canonicaliseNode(inside(Buffer.from(join(root, 'nix/store')), name))
  }
  writeFileSync(join(root, 'nix-path-registration'), registration)
  chmodSync(join(root, 'nix-path-registration'), 0o444)
}

function canonicaliseNode(path: Buffer): void {
  const info = lstatSync(path)
  if (info.isFile()) chmodSync(path, info.mode & 0o100 ? 0o555 : 0o444)
  if (!info.isDirectory()) return
  for (const name of readdirSync(path, { encoding: 'latin1' })) canonicaliseNode(inside(path, name))
  chmodSync(path, 0o555)
}

/** Writes a tar of everything in `root` to `file`, or pipes it into `pipe`, a shell command, and returns its output. */
export function gnuTar(root: string, pipe: string): string {
  const line = `tar ${GNU_TAR.join(' ')} -c * | ${pipe}`
  const { status, stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', line], {
    ...{ cwd: root, encoding: 'utf8', env: { PATH: process.env.PATH, LC_ALL: 'C' } },
  })
  if (status !== 0) throw new Error(`${line}: ${stderr}`)
  return stdout
}
