import { coverFile, coverTar, type ImageManifest } from '../manifest/index.ts'

/** A run of an image file whose digest is known. */
export interface Piece {
  /** Of its first byte in the file. */
  readonly offset: number
  /** Bytes, at least one. */
  readonly size: number
  /** Lower-case base 16. */
  readonly sha256: string
}

/**
 * The pieces of an image file by its manifest, in order: all bytes of it, each once. `undefined` where the manifest does not
 * say so much, as that of a plain tar, or where its parts of the tar do not follow one another.
 */
export function piecesOf(manifest: ImageManifest): readonly Piece[] | undefined {
  const { artefacts, blocks, framing, segments, tarSize } = manifest
  // Where parts overlap, to find what blocks have in common takes as many steps as the product of the numbers of parts.
  if (!coverTar(blocks, tarSize) || !coverTar(segments, tarSize)) return undefined
  const paths = segments.flatMap(({ storePath }) => storePath ?? [])
  if (new Set(paths).size < paths.length) return undefined
  const pieces: Piece[] = []
  for (const { offset, size, sha256 } of [...blocks, ...framing]) {
    if (sha256 === undefined) return undefined
    if (size > 0) pieces.push({ offset, size, sha256 })
  }
  pieces.sort((a, b) => a.offset - b.offset)
  return coverFile(pieces, artefacts[0].size) ? pieces : undefined
}

/** Where a piece ends in the file. */
export function endOf({ offset, size }: Piece): number {
  return offset + size
}

/** Bytes asked for in one request, unless one piece has more. */
const RUN_SIZE = 8 * 1024 * 1024

/** Joins pieces that lie behind one another into the runs that are asked for. */
export function joinPieces(pieces: readonly Piece[]): (readonly Piece[])[] {
  const runs: Piece[][] = []
  let size = 0
  let end = -1
  for (const piece of pieces) {
    if (piece.offset !== end || size + piece.size > RUN_SIZE) {
      runs.push([])
      size = 0
    }
    runs.at(-1)!.push(piece)
    size += piece.size
    end = piece.offset + piece.size
  }
  return runs
}
