/**
 * What makes an image of a NixOS system bootable, as nixpkgs' make-system-tarball and the nspawn-tarball module of
 * tfc/nspawn-nixos do it:
 *
 *     nix/var/nix/profiles/system -> the toplevel     what nixos-rebuild switches
 *     sbin/init -> /nix/var/nix/profiles/system/init   what systemd-nspawn --boot executes
 *     etc/os-release                                   a real file: nspawn refuses a root without, and older versions
 *                                                      follow an absolute symlink out of it
 *     dev, proc, sys                                   mount points
 */
import { readFileSync, statSync } from 'node:fs'
import type { StorePath } from '../nix/index.ts'
import { type Closure, followLinks, reasonOf } from '../store/index.ts'
import type { TreeEntry } from '../tree/index.ts'
import { ImageError } from './errors.ts'
import type { System } from './spec.ts'

const PROFILE = 'nix/var/nix/profiles/system'

/** The entries that boot `toplevel`. Throws `ImageError` TOPLEVEL_INVALID where it is no NixOS system. */
export function nixosEntries(closure: Closure, toplevel: StorePath): TreeEntry[] {
  const origin = 'the NixOS preset'
  if (!fileIn(closure, toplevel, 'init').isFile()) throw notNixos(toplevel, 'its init is not a file')
  return [
    ...['dev', 'proc', 'sys'].map((path): TreeEntry => ({ type: 'directory', path, mode: 0o755, origin })),
    {
      type: 'file',
      path: 'etc/os-release',
      mode: 0o444,
      contents: readIn(closure, toplevel, 'etc/os-release'),
      origin,
    },
    { type: 'symlink', path: PROFILE, target: toplevel.path, origin },
    { type: 'symlink', path: 'sbin/init', target: `/${PROFILE}/init`, origin },
  ]
}

/**
 * The system an image is for: what was asked for, else what the toplevel's own `system` file says; `undefined` if neither
 * does. Throws `ImageError` SYSTEM_MISMATCH where they disagree.
 */
export function systemOf(closure: Closure, toplevel: StorePath | undefined, asked: System | undefined) {
  const said = toplevel && systemFile(closure, toplevel)
  if (asked && said && asked !== said) {
    throw new ImageError(
      'SYSTEM_MISMATCH',
      toplevel.path,
      `${toplevel.path}: is a system for ${said}, not ${asked}; leave the system out or build the toplevel for ${asked}`,
    )
  }
  return asked ?? said
}

function systemFile(closure: Closure, toplevel: StorePath): string | undefined {
  try {
    return readFileSync(followLinks(closure, `${toplevel.path}/system`), 'utf8').trim() || undefined
  } catch {
    return undefined
  }
}

function readIn(closure: Closure, toplevel: StorePath, name: string): Uint8Array {
  if (!fileIn(closure, toplevel, name).isFile()) throw notNixos(toplevel, `its ${name} is not a file`)
  return new Uint8Array(readFileSync(followLinks(closure, `${toplevel.path}/${name}`)))
}

function fileIn(closure: Closure, toplevel: StorePath, name: string) {
  try {
    return statSync(followLinks(closure, `${toplevel.path}/${name}`))
  } catch (error) {
    throw notNixos(toplevel, `it has no ${name}: ${reasonOf(error)}`, error)
  }
}

function notNixos(toplevel: StorePath, why: string, cause?: unknown): ImageError {
  return new ImageError(
    'TOPLEVEL_INVALID',
    toplevel.path,
    `${toplevel.path}: not a NixOS system: ${why}; give the toplevel (config.system.build.toplevel), ` +
      'or give the path as a root if the image need not boot',
    { cause },
  )
}
