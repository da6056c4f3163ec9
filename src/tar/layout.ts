/**
 * The arithmetic of a tar archive (POSIX.1-1988, "ustar interchange format"): everything is a multiple of a block, and
 * the archive as a whole a multiple of a record.
 *
 *     archive  entry* end-of-archive
 *     entry    header-block+ contents zero-padding      (to a block)
 *     end      two zero blocks, zero-padding            (to a record)
 */

/** Bytes of a tar block, the unit of headers and of padding. */
export const TAR_BLOCK_SIZE = 512

/** Bytes of a record of twenty blocks, GNU tar's default blocking factor: an archive's size is a multiple of it. */
export const TAR_RECORD_SIZE = 20 * TAR_BLOCK_SIZE

/** How many zero bytes stand behind contents of `size` bytes. */
export function tarPadding(size: number): number {
  return (TAR_BLOCK_SIZE - (size % TAR_BLOCK_SIZE)) % TAR_BLOCK_SIZE
}

/** Bytes that contents of `size` bytes take, with the padding behind them. */
export function tarPaddedSize(size: number): number {
  return Math.ceil(size / TAR_BLOCK_SIZE) * TAR_BLOCK_SIZE
}

/**
 * How many zero bytes end an archive whose entries take `size` bytes: two blocks, then up to a full record. Nothing
 * may follow them: systemd 259 and newer stop reading there and fail on what is left.
 */
export function tarEndSize(size: number): number {
  const withEnd = size + 2 * TAR_BLOCK_SIZE
  return Math.ceil(withEnd / TAR_RECORD_SIZE) * TAR_RECORD_SIZE - size
}

const ZEROS = new Uint8Array(TAR_BLOCK_SIZE)

/** Writes up to a block of zero bytes: padding. A copy, because `fill` goes byte by byte where memory is shared. */
export function writeZeros(target: Uint8Array, offset: number, count: number): void {
  target.set(ZEROS.subarray(0, count), offset)
}
