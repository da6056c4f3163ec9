import type { ImageManifest } from './manifest.generated.ts'
import { MANIFEST_SCHEMA } from './schema.ts'
import { createShapeCheck } from './shape.ts'

export type { ImageManifest }

/** Bytes that the text of a manifest may have: that of 100 000 store paths. */
export const MANIFEST_SIZE_MAX = 64 * 1024 * 1024

/** A file of an image, without its folder. */
export type ArtefactDigest = ImageManifest['artefacts'][number]

/** A block of the image file. Offsets and sizes are in bytes. */
export type ManifestBlock = ImageManifest['blocks'][number]

/** A run of the tar that is one store path, or entries outside of store paths. Offsets and sizes are in bytes of tar. */
export type ManifestSegment = ImageManifest['segments'][number]

/** The layout of an image file. */
export type FileLayout = Pick<ImageManifest, 'blocks' | 'framing'>

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

/** The artefacts that a manifest lists; none without a text, or for a text that is no manifest. */
export function parseArtefacts(text: string | undefined): readonly ArtefactDigest[] {
  try {
    const { artefacts } = JSON.parse(text ?? '{}') as { artefacts?: unknown }
    return Array.isArray(artefacts) ? artefacts.filter((value): value is ArtefactDigest => isArtefact(value)) : []
  } catch {
    return []
  }
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
