import type { PreparedImage } from '../plan/index.ts'
import type { PackedSizes } from '../produce/index.ts'
import { VERSION } from '../version.ts'
import type { ImageManifest } from './manifest.generated.ts'
import { MANIFEST_SCHEMA } from './manifest-schema.ts'
import { createShapeCheck } from './shape.ts'

export type { ImageManifest }

/** Bytes that the text of a manifest may have: that of 100 000 store paths. */
export const MANIFEST_SIZE_MAX = 64 * 1024 * 1024

/** A file of an image, without its folder. */
export type ArtefactDigest = ImageManifest['artefacts'][number]

/** A block of the image file. Offsets and sizes are in bytes. */
export type ManifestBlock = ImageManifest['blocks'][number]

/** A run of the tar that is one store path, or entries that are none. Offsets and sizes are in bytes of tar. */
export type ManifestSegment = ImageManifest['segments'][number]

/** The layout of an image file. */
export type FileLayout = Pick<ImageManifest, 'blocks' | 'framing'>

/** The manifest of a finished image. */
export function createManifest(
  { name, system, compression, container, toplevel, opened }: PreparedImage,
  sizes: PackedSizes,
  artefacts: readonly ArtefactDigest[],
  { blocks, framing }: FileLayout,
): ImageManifest {
  const { paths } = opened.closure
  return {
    version: 1,
    builder: `nspawn-rootfs ${VERSION}`,
    name,
    ...(system !== undefined && { system }),
    format: compression.format,
    compression: container.description,
    ...(toplevel !== undefined && { toplevel }),
    artefacts,
    tarSize: sizes.tar,
    storePaths: paths.map(({ path, narHash, narSize, references }) => ({
      path: path.path,
      narHash,
      narSize,
      references: references.map(reference => reference.baseName),
    })),
    segments: locateSegments(
      paths.map(({ path }) => path.path),
      sizes,
    ),
    blocks,
    framing,
  }
}

/** The text of a manifest, as it is written: an item of a list a line, for people and for `diff`. */
export function formatManifest(manifest: ImageManifest): string {
  const fields = Object.entries(manifest).map(([name, value]) => `  ${JSON.stringify(name)}: ${formatField(value)}`)
  return `{\n${fields.join(',\n')}\n}\n`
}

function formatField(value: unknown): string {
  if (!Array.isArray(value) || value.length === 0) return JSON.stringify(value)
  return `[\n${value.map(item => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]`
}

const isArtefact = createShapeCheck(MANIFEST_SCHEMA.properties.artefacts.items)

/** The artefacts that the text of some manifest lists; none where it is no manifest, or there is none. */
export function parseArtefacts(text: string | undefined): readonly ArtefactDigest[] {
  try {
    const { artefacts } = JSON.parse(text ?? '{}') as { artefacts?: unknown }
    return Array.isArray(artefacts) ? artefacts.filter((value): value is ArtefactDigest => isArtefact(value)) : []
  } catch {
    return []
  }
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

const isManifest = createShapeCheck(MANIFEST_SCHEMA)

/** The manifest that a text holds; `undefined` where it holds none of this version. */
export function parseManifest(text: string): ImageManifest | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isManifest(value) ? (value as ImageManifest) : undefined
  } catch {
    return undefined
  }
}
