import { coverFile, coverTar, type ImageManifest } from '../manifest/index.ts'

/** A part of an image file whose digest is known. */
export interface ImagePart {
  /** Of its first byte in the file. */
  readonly offset: number
  /** Bytes, at least one. */
  readonly size: number
  /** Lower-case base 16. */
  readonly sha256: string
}

/**
 * The parts of an image file by its manifest, in order: all bytes of it, each once. `undefined` where the manifest does not
 * say so much, as that of a plain tar, or where its parts of the tar do not follow one another.
 */
export function partsOf(manifest: ImageManifest): readonly ImagePart[] | undefined {
  const { artefacts, blocks, framing, segments, tarSize } = manifest
  // Where parts overlap, to find what blocks have in common takes as many steps as the product of the numbers of parts.
  if (!coverTar(blocks, tarSize) || !coverTar(segments, tarSize)) return undefined
  const paths = segments.flatMap(({ storePath }) => storePath ?? [])
  if (new Set(paths).size < paths.length) return undefined
  const parts: ImagePart[] = []
  for (const { offset, size, sha256 } of [...blocks, ...framing]) {
    if (sha256 === undefined) return undefined
    if (size > 0) parts.push({ offset, size, sha256 })
  }
  parts.sort((a, b) => a.offset - b.offset)
  return coverFile(parts, artefacts[0].size) ? parts : undefined
}

/** Where a part ends in the file. */
export function endOf({ offset, size }: ImagePart): number {
  return offset + size
}

/** Bytes asked for in one request, unless one part has more. */
const REQUEST_SIZE = 8 * 1024 * 1024

/** Joins parts that lie behind one another, to ask for them at once. */
export function joinParts(parts: readonly ImagePart[]): (readonly ImagePart[])[] {
  const joined: ImagePart[][] = []
  let size = 0
  let end = -1
  for (const part of parts) {
    if (part.offset !== end || size + part.size > REQUEST_SIZE) {
      joined.push([])
      size = 0
    }
    joined.at(-1)!.push(part)
    size += part.size
    end = part.offset + part.size
  }
  return joined
}
