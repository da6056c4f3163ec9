/**
 * Entries that make an image of a NixOS system bootable, as nixpkgs' make-system-tarball and the nspawn-tarball module of
 * tfc/nspawn-nixos do it:
 *
 *     nix/var/nix/profiles/system -> the toplevel     what nixos-rebuild switches
 *     sbin/init -> /nix/var/nix/profiles/system/init   what systemd-nspawn --boot executes: the stage-2 script
 *     etc/os-release                                   a real file: nspawn refuses a root without, and older versions
 *                                                      follow an absolute symlink out of it
 *     dev, proc, sys                                   mount points
 */
import { byteString, encodeText } from '../bytes/index.ts'
import { findStage2, SET_ACTIVATION, SYSTEM_PROFILE, type System } from '../check/index.ts'
import { ImageError } from '../image-error.ts'
import type { StorePath } from '../nix/index.ts'
import { type Closure, followLinks, lookupIn, readSmall, StoreError, whereLeads } from '../store/index.ts'
import { type Lookup, type TreeEntry, wholeContents } from '../tree/index.ts'

/** The entries that boot `toplevel`. Throws `ImageError` TOPLEVEL_INVALID where it is no NixOS system. */
export async function nixosEntries(closure: Closure, toplevel: StorePath): Promise<TreeEntry[]> {
  const origin = 'the NixOS preset'
  // Asked for by itself, so that an error says where it leads.
  await fileIn(closure, toplevel, 'init')
  const osRelease = await fileIn(closure, toplevel, 'etc/os-release')
  const script = await stage2Of(closure, toplevel)
  return [
    ...['dev', 'proc', 'sys'].map(
      (name): TreeEntry => ({ type: 'directory', path: encodeText(name), mode: 0o755, origin }),
    ),
    {
      type: 'file',
      path: byteString`etc/os-release`,
      mode: 0o444,
      contents: readSmall(osRelease),
      origin,
    },
    { type: 'symlink', path: SYSTEM_PROFILE, target: encodeText(toplevel.path), origin },
    {
      type: 'symlink',
      path: byteString`sbin/init`,
      target: byteString`/${SYSTEM_PROFILE}/${encodeText(script)}`,
      origin,
    },
  ]
}

/**
 * The system an image is for: what was asked for, else what the toplevel's own `system` file says; `undefined` if neither
 * does. Throws `ImageError` SYSTEM_MISMATCH where they disagree, TOPLEVEL_INVALID where the file says no system.
 */
export async function systemOf(closure: Closure, toplevel: StorePath | undefined, asked: System | undefined) {
  const said = toplevel && (await systemFile(closure, toplevel))
  if (asked && said && asked !== said) {
    throw new ImageError(
      'SYSTEM_MISMATCH',
      toplevel.path,
      `${toplevel.path}: is a system for ${said}, not ${asked}; leave the system out or build the toplevel for ${asked}`,
    )
  }
  return asked ?? said
}

async function systemFile(closure: Closure, toplevel: StorePath): Promise<string | undefined> {
  try {
    const { node } = await followLinks(closure, `${toplevel.path}/system`)
    const contents = node.type === 'file' ? wholeContents(node) : undefined
    if (contents === undefined) return undefined
    const system = new TextDecoder().decode(contents).trim()
    if (/^([a-z0-9_]+-[a-z0-9_]+)?$/.test(system)) return system || undefined
    throw notNixos(
      toplevel,
      `its file "system" says ${JSON.stringify(system.slice(0, 80))}, not x86_64-linux or the like`,
    )
  } catch (error) {
    if (error instanceof StoreError) return undefined
    throw error
  }
}

/** The name of the stage-2 script in a toplevel. Throws `ImageError` TOPLEVEL_INVALID if there is none. */
async function stage2Of(closure: Closure, { path }: StorePath): Promise<string> {
  const follow: Lookup = async place => (await whereLeads(lookupIn(closure), place))?.node
  const script = await findStage2(follow, encodeText(path))
  if (script !== undefined) return script
  throw new ImageError(
    'TOPLEVEL_INVALID',
    path,
    `${path}: cannot boot in a container, because neither init nor prepare-root is a script that activates ` +
      `the system; ${SET_ACTIVATION}`,
  )
}

async function fileIn(closure: Closure, toplevel: StorePath, name: string) {
  const { path, node } = await followLinks(closure, `${toplevel.path}/${name}`).catch(error => {
    if (!(error instanceof StoreError)) throw error
    throw notNixos(toplevel, `it has no ${name}: ${error.message}`, error)
  })
  if (node.type !== 'file') throw notNixos(toplevel, `its ${name} is not a file`)
  return { path, node }
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
