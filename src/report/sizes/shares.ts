/** How the bytes of an image file are shared among what lies in its tar. */
import { partsBetween, type TarPart, tarEndOf } from '../../manifest/index.ts'

/** A part of the file that is compressed on its own, to `size` bytes. */
export interface CompressedBlock extends TarPart {
  readonly size: number
}

/** A part of the tar, and whose it is. */
export interface TarRun extends TarPart {
  readonly owner: number
}

/** Bytes of one owner. */
export interface OwnedBytes {
  readonly tarSize: number
  readonly fileSize: number
}

/**
 * The bytes of each owner, who are the numbers below `count`. `runs` and `blocks` are in the order of the tar. A block with
 * parts of several owners is split by their bytes of tar, into whole bytes whose sum is the block.
 */
export function shareBytes(count: number, runs: Iterable<TarRun>, blocks: readonly CompressedBlock[]): OwnedBytes[] {
  const tarSizes = new Float64Array(count)
  const fileSizes = new Float64Array(count)
  for (const run of runs) {
    const { owner, tarOffset, tarSize } = run
    tarSizes[owner] += tarSize
    for (const block of partsBetween(blocks, tarOffset, tarEndOf(run))) {
      fileSizes[owner] += compressedUpTo(block, tarEndOf(run)) - compressedUpTo(block, tarOffset)
    }
  }
  return Array.from(tarSizes, (tarSize, owner) => ({ tarSize, fileSize: fileSizes[owner] }))
}

/** The compressed bytes of a block that stand for its data up to an offset in the tar. */
function compressedUpTo(block: CompressedBlock, offset: number): number {
  const { size, tarOffset, tarSize } = block
  if (offset <= tarOffset || tarSize === 0) return 0
  return offset >= tarEndOf(block) ? size : Math.floor((size * (offset - tarOffset)) / tarSize)
}
