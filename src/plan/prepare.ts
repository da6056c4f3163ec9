import { compressionOf, type ImageCompression } from '../compression.ts'
import { type Container, containerOf } from '../container/index.ts'
import { NarFileError } from '../nar-file/index.ts'
import { type Closure, type OpenedClosure, openClosure } from '../store/index.ts'
import { checkImageName, type SystemdStubs, stubEntries, type UnitSite } from '../systemd/index.ts'
import type { TreeEntry } from '../tree/index.ts'
import type { Warning } from '../warning.ts'
import { activationWarnings } from './activation.ts'
import { checkFitness } from './fitness.ts'
import { nixosEntries, systemOf } from './nixos.ts'
import { nixosAdvice } from './nixos-advice.ts'
import { type ImagePlan, planImage } from './plan.ts'
import { settingsOf, settingsWarnings, sharesNetwork, timezoneWarnings } from './settings.ts'
import { type ImageSpec, treeEntriesOf } from './spec.ts'
import { unitSiteOf } from './unit-site.ts'

/** Names an image of which nothing says its system: not this machine's, so that the name is the same everywhere. */
const DEFAULT_SYSTEM = 'x86_64-linux'

/** A spec that was checked and looked up: everything that decides the bytes of an image. */
export interface PreparedImage {
  readonly name: string
  readonly compression: ImageCompression
  readonly container: Container
  /** `undefined` if neither the spec nor the toplevel says. */
  readonly system: string | undefined
  /** The store path of the NixOS system. */
  readonly toplevel: string | undefined
  /** Whether it is made to boot: it has a toplevel, or what systemd finds in it was declared. */
  readonly isToBoot: boolean
  /** Whether the system manages /etc and has units of its own, as those of nixpkgs do. */
  readonly isNixos: boolean
  readonly settings: Uint8Array | undefined
  readonly plan: ImagePlan
  /** The closure that it is planned for. */
  readonly opened: OpenedClosure
  /** Things that may not be as they were meant. */
  readonly warnings: readonly Warning[]
  /** The store paths in which something was looked up to plan it. What lies on disk was not verified for that. */
  readonly inspected: ReadonlySet<string>
}

/**
 * Checks a spec, finds its closure unless it is `known` already, and plans the image. Reads no store path but the little
 * that names the system.
 */
export async function prepareImage(
  spec: ImageSpec,
  { known, signal }: { readonly known?: OpenedClosure; readonly signal?: AbortSignal } = {},
): Promise<PreparedImage> {
  if (spec.name !== undefined) checkImageName(spec.name)
  const settings = settingsOf(spec)
  const entries = treeEntriesOf(spec)
  const { toplevel: top, roots: others = [], rootOrigins: origins, source = {} } = spec
  const roots = top === undefined ? others : [top, ...others]
  let opened = known ?? (await openClosure(source, roots, { origins, signal }))
  for (;;) {
    try {
      return await prepareFrom(opened, spec, { settings, entries })
    } catch (error) {
      opened = await withOtherBuild(opened, error)
    }
  }
}

/** The closure after its reader met `error`: with another build of the store path that cannot be had. */
export async function withOtherBuild(opened: OpenedClosure, error: unknown): Promise<OpenedClosure> {
  const { closure } = opened
  if (!(error instanceof NarFileError) || !closure.otherBuild) throw error
  return { ...opened, closure: await closure.otherBuild(error) }
}

/** Facts that follow from a spec alone. */
interface Given {
  readonly settings: Uint8Array | undefined
  readonly entries: readonly TreeEntry[]
}

async function prepareFrom(opened: OpenedClosure, spec: ImageSpec, given: Given): Promise<PreparedImage> {
  const { closure, roots } = opened
  const { settings, entries } = given
  const toplevel = spec.toplevel === undefined ? undefined : roots[0]
  const inspected = new Set<string>()
  const watched: Closure = {
    ...closure,
    nodeAt(path, names) {
      inspected.add(path.path)
      return closure.nodeAt(path, names)
    },
  }
  const system = await systemOf(watched, toplevel, spec.system)
  const name = spec.name ?? checkImageName(`nixos-system-${system ?? DEFAULT_SYSTEM}`)
  const preset = toplevel ? await nixosEntries(watched, toplevel) : []
  const site = await unitSiteOf(watched, toplevel, [...preset, ...entries])
  const ownId = entries.find(({ path }) => path === 'etc/machine-id')
  const declared = spec.systemd ?? (site.isNixos ? await loginsOnly(site, ownId) : undefined)
  const stubs = declared ? await stubEntries(declared, site, ownId) : { entries: [], warnings: [] }
  const added = [...stubs.entries, ...entries]
  const plan = planImage(closure, [...preset, ...added])
  const compression = compressionOf(spec)
  const isToBoot = toplevel !== undefined || spec.systemd !== undefined
  const warnings = [
    ...closure.warnings,
    ...stubs.warnings,
    ...(await checkFitness({ closure: watched, entries: [...plan.head, ...plan.tail], system, isToBoot })),
    ...(toplevel ? await activationWarnings(watched, toplevel, added) : []),
    ...(toplevel
      ? await nixosAdvice({ closure: watched, toplevel, entries: added, sharesNetwork: sharesNetwork(settings) })
      : []),
    ...timezoneWarnings(spec, settings),
    ...settingsWarnings(settings, name),
  ]
  return {
    name,
    system,
    compression,
    container: containerOf(compression),
    toplevel: toplevel?.path,
    isToBoot,
    isNixos: site.isNixos,
    settings,
    plan,
    opened,
    warnings,
    inspected,
  }
}

/** The stubs of a NixOS system without a declaration: logins, and no machine ID unless its first boot would not end. */
async function loginsOnly(site: UnitSite, ownId: TreeEntry | undefined): Promise<SystemdStubs> {
  if (ownId) return {}
  return { machineId: (await site.endsFirstBoot()) ? 'missing' : 'empty' }
}
