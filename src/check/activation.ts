/**
 * Whether the NixOS system in an image activates itself when it starts. Its stage-2 script fills /etc, makes users and
 * executes systemd. In a container nothing else does so: there is no initrd.
 *
 *     nix/store/HASH-nixos-system-…/
 *       init            the stage-2 script, or systemd itself
 *       prepare-root    the stage-2 script, where init is systemd itself
 *       activate        what the stage-2 script runs; absent with nixos-init, which is a part of the initrd
 */
import { type ByteString, byteString, decodeByteString, encodeText, joinPath } from '../bytes/index.ts'
import { type ImageNode, type Lookup, resolvePath } from '../tree/index.ts'
import type { Init } from './boot.ts'
import type { Report } from './findings.ts'

/** The symlink to the system that was switched to last. */
export const SYSTEM_PROFILE = byteString`nix/var/nix/profiles/system`

/** What only the toplevel of a host has. */
export const HOST_FILES = ['kernel', 'initrd', 'boot.json'] as const

/** A folder with one of these is a toplevel. */
const TOPLEVEL_FILES = ['nixos-version', 'init-interface-version', 'activate', 'prepare-root'].map(encodeText)

/** A toplevel has one of these if its /etc is an overlay. */
const OVERLAY_FILES = ['etc-metadata-image', 'etc-basedir'].map(encodeText)

/**
 * Where the stage-2 script may be, in the order of preference. With systemd in its initrd (the default outside of containers
 * since 26.05, an option before) NixOS calls it `prepare-root`, and `init` is systemd itself, which finds an empty /etc where
 * nothing was activated. Without, `init` is the script. Neither is there with nixos-init, which activates in the initrd.
 */
const SCRIPTS = ['prepare-root', 'init'].map(encodeText)

/** How a host becomes a container. */
export const SET_CONTAINER = 'set boot.isNspawnContainer = true (NixOS 25.05 and newer; else boot.isContainer = true)'

/** How a system comes to have a stage-2 script. */
export const SET_ACTIVATION = `${SET_CONTAINER}, and leave system.nixos-init.enable at false`

/** The NixOS system that an image starts. */
export interface NixosSystem {
  /** Its toplevel, a folder of the image. */
  readonly toplevel: ByteString
}

/**
 * Checks that what `init` leads to activates the system, and returns that system; `undefined` if the image holds no
 * NixOS. `init` is what systemd-nspawn executes.
 */
export async function checkActivation(
  lookup: Lookup,
  { path: name, program: init }: Init,
  report: Report,
): Promise<NixosSystem | undefined> {
  const toplevel = await findToplevel(lookup, init)
  if (toplevel === undefined) return undefined
  const has = async (name: string) => (await lookup(joinPath(toplevel, encodeText(name)))) !== undefined
  const at = { path: name }

  if (isScript(init.node) === false) {
    const script = await findStage2(lookup, toplevel)
    const message = script
      ? `starts systemd without activation, so /etc stays empty: link it to /${SYSTEM_PROFILE}/${script}`
      : `starts systemd, and nothing in the image activates the system: ${SET_ACTIVATION}`
    report('activation', message, at)
  } else if (textOf(init.node).includes('/activate') && !(await has('activate'))) {
    const message = 'runs activate, but the system has none: leave system.activatable at true'
    report('activation', message, at)
  }
  if (await mountsEtc(lookup, toplevel)) {
    const message = '/etc of the system is an overlay that an initrd mounts: set system.etc.overlay.enable = false'
    report('activation', message, { path: toplevel })
  }
  // A script that is no link is rewritten by who put it there.
  if (init.links.length > 0 && !init.links.some(({ path }) => path === SYSTEM_PROFILE)) {
    report('profile', `does not lead through /${SYSTEM_PROFILE}: link it there`, at)
  }
  const ofHosts = []
  for (const name of HOST_FILES) if (await has(name)) ofHosts.push(name)
  if (ofHosts.length > 0) {
    const message = `is the system of a host (it has ${ofHosts.join(', ')}): ${SET_CONTAINER} and build the image again`
    report('container', message, { path: toplevel })
  }
  return { toplevel }
}

/** The folder that the system profile leads to, or else the one that the init lies in, if it is a toplevel. */
async function findToplevel(lookup: Lookup, init: Init['program']): Promise<ByteString | undefined> {
  const profile = await resolvePath(lookup, SYSTEM_PROFILE)
  const toplevel = profile.node === undefined ? init.path.replace(/\/?[^/]*$/, '') : profile.path
  for (const name of TOPLEVEL_FILES) {
    if (await lookup(joinPath(toplevel, name))) return toplevel
  }
  return undefined
}

async function mountsEtc(lookup: Lookup, toplevel: ByteString): Promise<boolean> {
  for (const name of OVERLAY_FILES) if (await lookup(joinPath(toplevel, name))) return true
  const { node } = await resolvePath(lookup, byteString`${toplevel}/activate`)
  const text = textOf(node)
  return /etc-metadata(?:\.erofs|-image)/.test(text) || text.split('\n').some(mountsErofs)
}

/** Whether a line mounts a file system of that kind. */
function mountsErofs(line: string): boolean {
  const start = line.search(/\bmount\b/)
  return start !== -1 && /\berofs\b/.test(line.slice(start))
}

/** What is known of a file's contents, as text. */
function textOf(node: ImageNode | undefined): string {
  return node?.type === 'file' && node.contents ? decodeByteString(node.contents) : ''
}

/** The name of the stage-2 script in a toplevel; `undefined` if it has none, or none that is known to be a script. */
export async function findStage2(lookup: Lookup, toplevel: ByteString): Promise<string | undefined> {
  for (const name of SCRIPTS) if (isScript(await lookup(joinPath(toplevel, name)))) return name
  return undefined
}

/** Whether a program is a script; `undefined` if its contents are not known. */
function isScript(node: ImageNode | undefined): boolean | undefined {
  if (node?.type !== 'file') return undefined
  if (node.program !== undefined) return false
  return node.contents && textOf(node).startsWith('#!')
}
