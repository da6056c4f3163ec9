/** How the bytes of an image file are shared among what lies in its tar. */

/** A part of the file that is compressed on its own. Offsets and sizes are in bytes. */
export interface CompressedBlock {
  readonly size: number
  /** In the tar. */
  readonly tarOffset: number
  readonly tarSize: number
}

/** A part of the tar, and whose it is. */
export interface TarRun {
  readonly owner: number
  readonly start: number
  readonly end: number
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
  let first = 0
  for (const { owner, start, end } of runs) {
    tarSizes[owner] += end - start
    while (first < blocks.length && endOf(blocks[first]) <= start) first++
    for (let at = first; at < blocks.length && blocks[at].tarOffset < end; at++) {
      const block = blocks[at]
      fileSizes[owner] += compressedUpTo(block, end) - compressedUpTo(block, start)
    }
  }
  return Array.from(tarSizes, (tarSize, owner) => ({ tarSize, fileSize: fileSizes[owner] }))
}

function endOf({ tarOffset, tarSize }: CompressedBlock): number {
  return tarOffset + tarSize
}

/** The compressed bytes of a block that stand for its data up to an offset in the tar. */
function compressedUpTo(block: CompressedBlock, offset: number): number {
  const { size, tarOffset, tarSize } = block
  if (offset <= tarOffset || tarSize === 0) return 0
  return offset >= endOf(block) ? size : Math.floor((size * (offset - tarOffset)) / tarSize)
}
