import { type DecodedBlockHeader, decodeBlockHeader, encodeBlockHeader } from './block-header.ts'
import { type Check, checkSize } from './check.ts'
import { XzError } from './errors.ts'
import type { Filter } from './filters/filter-flags.ts'
import { measureLzma2 } from './lzma2-chunks.ts'
import { type IndexRecord, paddedSize } from './stream-index.ts'

/**
 * Block (xz-file-format 1.2, section 3).
 *
 *     block = block header, compressed data, 0*3 zero bytes to a multiple of four, check
 *
 * Nothing in a block depends on its place in the stream, so it can be made, kept and copied on its own.
 */

/** What a block is made of. */
export interface BlockParts {
  /** The filters that the data went through, LZMA2 last. */
  readonly filters: readonly Filter[]
  /** The LZMA2 data with its end marker, in pieces that may be cut anywhere. */
  readonly compressed: readonly Uint8Array[]
  /** The size of the data before all filters, in bytes. */
  readonly uncompressedSize: number
  /** The kind of check of the stream that the block is for. */
  readonly check: Check
  /** The check's value over the data before all filters: `computeCheck`, or a SHA-256 digest. */
  readonly checkValue: Uint8Array
}

/** A finished block. */
export interface Block {
  /** Its bytes, in order. The compressed data is not copied. */
  readonly pieces: readonly Uint8Array[]
  /** The sum of the pieces in bytes, a multiple of four. */
  readonly size: number
  /** The kind of check that it carries; all blocks of a stream have the same. */
  readonly check: Check
  /** Its record for the index. */
  readonly record: IndexRecord
}

/**
 * Puts a block together. Both sizes go into its header, so that blocks can be decoded in parallel.
 *
 * Throws `RangeError` for filters or a check value that do not fit, and {@link XzError} where the compressed data is not
 * what it is said to be: `XZ_LZMA2` if its chunks are broken or cut, `XZ_MISMATCH` if they hold another size.
 */
export function assembleBlock(parts: BlockParts): Block {
  const { filters, compressed, uncompressedSize, check, checkValue } = parts
  if (checkValue.length !== checkSize(check)) {
    throw new RangeError(`a ${check} value takes ${checkSize(check)} bytes, not ${checkValue.length}`)
  }
  const measured = measureLzma2(compressed)
  if (measured.uncompressedSize !== uncompressedSize) {
    throw new XzError(
      'XZ_MISMATCH',
      `the LZMA2 chunks hold ${measured.uncompressedSize} bytes, but the block should hold ${uncompressedSize}`,
    )
  }
  const { compressedSize } = measured
  const header = encodeBlockHeader({ compressedSize, uncompressedSize, filters })
  const padding = new Uint8Array(paddedSize(compressedSize) - compressedSize)
  const pieces = [header, ...compressed, padding, checkValue].filter(piece => piece.length > 0)
  const unpaddedSize = header.length + compressedSize + checkValue.length
  return { pieces, size: paddedSize(unpaddedSize), check, record: { unpaddedSize, uncompressedSize } }
}

/** A block taken apart. The byte arrays are views into the block's own bytes. */
export interface BlockView {
  readonly header: DecodedBlockHeader
  /** The compressed data, with the end marker of LZMA2. */
  readonly compressed: Uint8Array
  readonly checkValue: Uint8Array
}

/**
 * Takes the block at `offset` apart, as its record in the index and the stream's check describe it.
 *
 * Verifies everything but the data itself: compare `checkValue` after decoding ({@link verifyCheck} of check.ts).
 * Throws {@link XzError}: what {@link decodeBlockHeader} throws, `XZ_TRUNCATED`, `XZ_MISMATCH` between record, header
 * and chunks, `XZ_PADDING`, or `XZ_LZMA2`.
 */
export function decodeBlock(bytes: Uint8Array, offset: number, record: IndexRecord, check: Check): BlockView {
  const end = offset + paddedSize(record.unpaddedSize)
  if (end > bytes.length) {
    throw new XzError('XZ_TRUNCATED', `the block at byte ${offset} ends at ${end}, but there are ${bytes.length} bytes`)
  }
  const header = decodeBlockHeader(bytes.subarray(0, end), offset)
  const start = offset + header.headerSize
  const compressedSize = record.unpaddedSize - header.headerSize - checkSize(check)
  agree(offset, 'compressed size', header.compressedSize ?? compressedSize, compressedSize)
  agree(offset, 'uncompressed size', header.uncompressedSize ?? record.uncompressedSize, record.uncompressedSize)
  if (compressedSize < 1) throw new XzError('XZ_MISMATCH', `the block at byte ${offset} leaves no room for data`)

  const dataEnd = start + compressedSize
  const checkStart = end - checkSize(check)
  if (bytes.subarray(dataEnd, checkStart).some(byte => byte !== 0)) {
    throw new XzError('XZ_PADDING', `the padding of the block at byte ${offset} is not zero`)
  }
  const compressed = bytes.subarray(start, dataEnd)
  // No filter before LZMA2 changes the size of the data (section 5.3), so the chunks tell it.
  agree(offset, 'size of the LZMA2 chunks', measureLzma2([compressed]).uncompressedSize, record.uncompressedSize)
  return { header, compressed, checkValue: bytes.subarray(checkStart, end) }
}

function agree(offset: number, what: string, found: number, indexed: number): void {
  if (found === indexed) return
  throw new XzError('XZ_MISMATCH', `the block at byte ${offset}: its ${what} is ${found}, but ${indexed} by the index`)
}
