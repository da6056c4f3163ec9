/** Faults that the configuration of a NixOS system causes in a container later, and the options that mend them. */
import { encodeText } from '../bytes/index.ts'
import { HOST_FILES } from '../check/index.ts'
import type { StorePath } from '../nix/index.ts'
import { type Closure, lookupIn, whereLeads } from '../store/index.ts'
import type { TreeEntry } from '../tree/index.ts'
import type { Warning } from '../warning.ts'
import { textAt } from './closure-files.ts'

/** The preset of NixOS that leaves all units as they are. The first that matches a unit counts (systemd.preset(5)). */
const NIXOS_PRESET = '00-nixos.preset'
const PRESETS = 'etc/systemd/system-preset/'

/** The known facts of an image with a NixOS system. */
export interface NixosImage {
  readonly closure: Closure
  readonly toplevel: StorePath
  /** Its entries besides the store paths. */
  readonly entries: readonly TreeEntry[]
  /** Whether the settings that come along give it the network of the host. */
  readonly sharesNetwork: boolean
}

/** Warnings about it. */
export async function nixosAdvice({ closure, toplevel, entries, sharesNetwork }: NixosImage): Promise<Warning[]> {
  const lookup = lookupIn(closure)
  const textOf = async (name: string) => (await textAt(lookup, `${toplevel.path}/${name}`)) ?? ''
  // As it is: where a link of the toplevel leads, such as its kernel, need not be fetched.
  const has = async (name: string) => (await closure.nodeAt(toplevel, [encodeText(name)])) !== undefined
  const warnings: Warning[] = []
  const advise = (what: string, option: string) => {
    const message = `the NixOS system ${what}: set ${option}`
    warnings.push({ code: 'NIXOS_OPTION', path: toplevel.path, message })
  }

  const isForHost = (await Promise.all(HOST_FILES.map(has))).includes(true)
  const hasPrepareRoot = await has('prepare-root')
  if (!isForHost && hasPrepareRoot) {
    const why = 'starts with prepare-root, which no container has from 25.11 on, so an upgraded machine would not boot'
    advise(why, 'boot.initrd.systemd.enable = false and build the image again')
  }
  // Options that a release lacks are no advice: boot.isNspawnContainer came with 25.05.
  const release = Number.parseFloat(/\d\d\.\d\d/.exec(await textOf('nixos-version'))?.[0] ?? '')
  const [, mounts = ''] = /^\s*source (\S*\/[^/\s]*-mounts\.sh)/m.exec(await textOf('activate')) ?? []
  if (!isForHost && release >= 25.05 && / "\/dev" /.test((await textAt(lookup, mounts)) ?? '')) {
    const why = 'mounts /dev when it is activated, which a user namespace forbids'
    advise(why, 'boot.isNspawnContainer = true')
  }
  const stage2 = await textOf(hasPrepareRoot ? 'prepare-root' : 'init')
  if (!sharesNetwork && /\[ -n "?1"? \] && \[ -e \/etc\/resolv\.conf \]/.test(stage2)) {
    const why = 'expects /etc/resolv.conf from the host, which gives none to a machine with its own network'
    advise(why, 'networking.useHostResolvConf = false')
  }
  const nixConf = await textOf('etc/nix/nix.conf')
  if (
    /^\s*sandbox\s*=\s*(?:true|relaxed)\s*$/m.test(nixConf) &&
    !/^\s*sandbox-fallback\s*=\s*true\s*$/m.test(nixConf)
  ) {
    const why = 'builds in a sandbox, for which a container lacks the namespaces, so nixos-rebuild fails'
    advise(why, 'nix.settings.sandbox = false')
  }
  if (await whereLeads(lookup, `${toplevel.path}/${PRESETS}${NIXOS_PRESET}`)) {
    for (const { path, origin } of entries) {
      if (!path.startsWith(PRESETS) || path.slice(PRESETS.length) < NIXOS_PRESET) continue
      const name = path.slice(PRESETS.length)
      const message = `/${path} (${origin}): has no effect, because ${NIXOS_PRESET} overrides it; name it 0-${name}`
      warnings.push({ code: 'PRESET_OVERRIDDEN', path: `/${path}`, message })
    }
  }
  return warnings
}
