import { CONTAINERS, type Container, type ImageFormat } from '../container/index.ts'
import { openClosure } from '../store/index.ts'
import { checkImageName, checkSettings } from '../systemd/index.ts'
import { nixosEntries, systemOf } from './nixos.ts'
import { type ImagePlan, planImage } from './plan.ts'
import { bytesOf, compressionOf, type ImageSpec, treeEntryOf } from './spec.ts'

/** A spec that was checked and looked up: everything that decides the bytes of an image. */
export interface PreparedImage {
  readonly name: string
  readonly system: string
  readonly format: ImageFormat
  readonly container: Container
  readonly level: number
  /** The store path of the NixOS system. */
  readonly toplevel: string | undefined
  readonly settings: Uint8Array | undefined
  readonly plan: ImagePlan
}

/** Checks a spec, finds its closure and plans the image. Reads no store path but the little that names the system. */
export async function prepareImage(spec: ImageSpec, signal: AbortSignal | undefined): Promise<PreparedImage> {
  const { format, level } = compressionOf(spec)
  if (spec.name !== undefined) checkImageName(spec.name)
  const settings = spec.settings === undefined ? undefined : checkSettings(bytesOf(spec.settings))
  const entries = (spec.entries ?? []).map(treeEntryOf)
  const { toplevel: top, roots: others = [], source = {} } = spec
  if (top === undefined && others.length === 0 && source.closureInfo === undefined) {
    throw new TypeError('nothing to build: give a toplevel, roots, or a closureInfo folder')
  }
  const { closure, roots } = await openClosure(source, top === undefined ? others : [top, ...others], signal)
  const toplevel = top === undefined ? undefined : roots[0]
  const system = systemOf(closure, toplevel, spec.system)
  const plan = planImage(closure, [...(toplevel ? nixosEntries(closure, toplevel) : []), ...entries])
  return {
    name: spec.name ?? checkImageName(`nixos-system-${system}`),
    system,
    format,
    container: CONTAINERS[format],
    level,
    toplevel: toplevel?.path,
    settings,
    plan,
  }
}
