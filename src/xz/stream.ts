import { type Check, checkId } from './check.ts'
import { XzError } from './errors.ts'
import {
  decodeStreamFooter,
  decodeStreamHeader,
  encodeStreamFooter,
  encodeStreamHeader,
  STREAM_HEADER_SIZE,
} from './stream-flags.ts'
import { decodeIndex, encodeIndex, type IndexRecord, paddedSize } from './stream-index.ts'

/**
 * Stream (xz-file-format 1.2, section 2.1).
 *
 *     stream = stream header, *block, index, stream footer
 *
 * A file may hold several streams with padding between them; this library writes and describes files of one.
 */

/** Writes what stands around the blocks of a stream. The blocks' own bytes never pass through it. */
export interface StreamWriter {
  /** The stream header: write it first. */
  header(): Uint8Array
  /** Notes a block that was written. Its check must be the stream's, or it throws `RangeError`. */
  add(block: { readonly check: Check; readonly record: IndexRecord }): void
  /** The index and the footer: write them last. After it, `add` throws `TypeError`. */
  end(): Uint8Array
}

/** A writer for one stream, whose blocks all carry this kind of check. */
export function createStreamWriter(check: Check): StreamWriter {
  checkId(check)
  const records: IndexRecord[] = []
  let ended = false
  return {
    header: () => encodeStreamHeader({ check }),
    add(block) {
      if (ended) throw new TypeError('the stream has ended: no block can be added behind its index')
      if (block.check !== check) throw new RangeError(`a block with ${block.check} in a stream with ${check}`)
      records.push(block.record)
    },
    end() {
      ended = true
      const index = encodeIndex(records)
      const footer = encodeStreamFooter({ check, backwardSize: index.length })
      const bytes = new Uint8Array(index.length + footer.length)
      bytes.set(index, 0)
      bytes.set(footer, index.length)
      return bytes
    },
  }
}

/** Where a block stands. All offsets and sizes are in bytes. */
export interface BlockLocation extends IndexRecord {
  /** From the first byte of the stream to that of the block. */
  readonly offset: number
  /** The bytes that the block takes, with its padding. */
  readonly size: number
  /** From the first byte of the uncompressed data to the first that this block holds. */
  readonly uncompressedOffset: number
}

/** Where the blocks of a stream stand, from the records of its index. */
export function locateBlocks(records: readonly IndexRecord[]): BlockLocation[] {
  let offset = STREAM_HEADER_SIZE
  let uncompressedOffset = 0
  return records.map(record => {
    const location = { ...record, offset, size: paddedSize(record.unpaddedSize), uncompressedOffset }
    offset += location.size
    uncompressedOffset += record.uncompressedSize
    return location
  })
}

/** The parts of a finished stream that describe it: read them from both ends of a file. */
export interface StreamEnds {
  /** The first {@link STREAM_HEADER_SIZE} bytes. */
  readonly header: Uint8Array
  /** The `backwardSize` bytes before the footer: see {@link decodeStreamFooter}. */
  readonly index: Uint8Array
  /** The last {@link STREAM_HEADER_SIZE} bytes. */
  readonly footer: Uint8Array
  /** The size of the whole stream in bytes. */
  readonly size: number
}

/** What a stream says of itself. */
export interface StreamDescription {
  readonly check: Check
  readonly blocks: readonly BlockLocation[]
  /** The size of the data of all blocks, in bytes. */
  readonly uncompressedSize: number
}

/**
 * Describes a finished stream without reading its blocks.
 *
 * Throws {@link XzError}: what the decoders of the three parts throw, or `XZ_MISMATCH` where header and footer name
 * different checks, or the sizes do not add up to the stream's: a file with several streams, or something behind it.
 */
export function describeStream({ header, index, footer, size }: StreamEnds): StreamDescription {
  const { check } = decodeStreamHeader(header)
  const end = decodeStreamFooter(footer)
  if (end.check !== check)
    throw new XzError('XZ_MISMATCH', `the stream begins with ${check} and ends with ${end.check}`)
  if (end.backwardSize !== index.length) {
    throw new XzError('XZ_MISMATCH', `the index takes ${index.length} bytes, but ${end.backwardSize} by the footer`)
  }
  const blocks = locateBlocks(decodeIndex(index))
  const indexOffset = blocks.reduce((offset, block) => offset + block.size, STREAM_HEADER_SIZE)
  const expected = indexOffset + index.length + STREAM_HEADER_SIZE
  if (expected !== size) {
    throw new XzError('XZ_MISMATCH', `the stream should take ${expected} bytes by its index, but takes ${size}`)
  }
  return { check, blocks, uncompressedSize: blocks.reduce((sum, block) => sum + block.uncompressedSize, 0) }
}
