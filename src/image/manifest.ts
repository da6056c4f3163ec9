import type { PreparedImage } from '../plan/index.ts'
import type { PackedSizes } from '../produce/index.ts'
import { VERSION } from '../version.ts'

/** A file of an image, without its folder. */
export interface ArtefactDigest {
  readonly file: string
  /** Bytes. */
  readonly size: number
  /** Lower-case base 16. */
  readonly sha256: string
}

/** A block of the image file. Offsets and sizes are in bytes. */
export interface ManifestBlock {
  /** In the image file. */
  readonly offset: number
  readonly size: number
  /** In the tar. */
  readonly tarOffset: number
  readonly tarSize: number
}

/** A run of the tar that is one store path, or entries that are none. Offsets and sizes are in bytes of tar. */
export interface ManifestSegment {
  /** The store path; absent for other entries, and the end of the archive. */
  readonly storePath?: string
  readonly tarOffset: number
  readonly tarSize: number
}

/**
 * What an image is made of. It follows from the spec, the closure and this library alone: no time, no host, nothing of
 * where things were found.
 */
export interface ImageManifest {
  /** The version of this form. */
  readonly manifestVersion: 1
  /** The library and its version. */
  readonly builder: string
  readonly name: string
  /** Absent if neither the spec nor the toplevel says. */
  readonly system?: string
  readonly format: string
  /** The encoder and what shapes its output. */
  readonly compression: string
  /** The store path of the NixOS system, if the image has one. */
  readonly toplevel?: string
  /** The files delivered, the image first. */
  readonly artefacts: readonly ArtefactDigest[]
  /** Bytes of tar. */
  readonly tarSize: number
  /** NAR hashes as `sha256:` and Nix base 32, sizes in bytes of NAR. */
  readonly storePaths: readonly { readonly path: string; readonly narHash: string; readonly narSize: number }[]
  readonly segments: readonly ManifestSegment[]
  readonly blocks: readonly ManifestBlock[]
}

/** The manifest of a finished image. */
export function createManifest(
  { name, system, compression, container, toplevel, plan }: PreparedImage,
  sizes: PackedSizes,
  artefacts: readonly ArtefactDigest[],
  blocks: readonly ManifestBlock[],
): ImageManifest {
  const members = plan.batches.flatMap(batch => batch.segments)
  return {
    manifestVersion: 1,
    builder: `nspawn-rootfs ${VERSION}`,
    name,
    ...(system !== undefined && { system }),
    format: compression.format,
    compression: container.description,
    ...(toplevel !== undefined && { toplevel }),
    artefacts,
    tarSize: sizes.tar,
    storePaths: members.map(({ path, narHash, narSize }) => ({ path: path.path, narHash, narSize })),
    segments: locateSegments(
      members.map(({ path }) => path.path),
      sizes,
    ),
    blocks,
  }
}

/** The text of a manifest, as it is written. */
export function formatManifest(manifest: ImageManifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`
}

/** The artefacts that the text of some manifest lists; none where it is no manifest, or there is none. */
export function parseArtefacts(text: string | undefined): readonly ArtefactDigest[] {
  try {
    const { artefacts } = JSON.parse(text ?? '{}') as { artefacts?: unknown }
    return Array.isArray(artefacts) ? artefacts.filter(isArtefact) : []
  } catch {
    return []
  }
}

function isArtefact(value: unknown): value is ArtefactDigest {
  const { file, size, sha256 } = (value ?? {}) as Partial<ArtefactDigest>
  return typeof file === 'string' && typeof size === 'number' && typeof sha256 === 'string'
}

function locateSegments(paths: readonly string[], sizes: PackedSizes): ManifestSegment[] {
  const segments: ManifestSegment[] = [{ tarOffset: 0, tarSize: sizes.head }]
  let offset = sizes.head
  for (const [i, storePath] of paths.entries()) {
    const tarSize = sizes.segments[i]
    segments.push({ storePath, tarOffset: offset, tarSize })
    offset += tarSize
  }
  segments.push({ tarOffset: offset, tarSize: sizes.tar - offset })
  return segments
}

/** The manifest that a text holds; `undefined` where it holds none of this version. */
export function parseManifest(text: string): ImageManifest | undefined {
  let value: Partial<Record<keyof ImageManifest, unknown>>
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  const isManifest =
    value?.manifestVersion === 1 &&
    typeof value.tarSize === 'number' &&
    isListOf(value.artefacts, isArtefact) &&
    isListOf(value.storePaths, isStorePath) &&
    isListOf(value.segments, hasNumbers('tarOffset', 'tarSize')) &&
    isListOf(value.blocks, hasNumbers('offset', 'size', 'tarOffset', 'tarSize'))
  return isManifest ? (value as unknown as ImageManifest) : undefined
}

function isListOf(value: unknown, isItem: (item: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isItem)
}

function isStorePath(value: unknown): boolean {
  const { path, narHash, narSize } = (value ?? {}) as Partial<ImageManifest['storePaths'][number]>
  return typeof path === 'string' && typeof narHash === 'string' && typeof narSize === 'number'
}

function hasNumbers(...keys: readonly string[]) {
  return (value: unknown) => keys.every(key => Number.isSafeInteger((value as Record<string, unknown> | null)?.[key]))
}
