import { crc32, readU32le, writeU32le } from '../bytes/index.ts'
import { XzError } from './errors.ts'
import { decodeVli, sizeOfVli, writeVli } from './vli.ts'

/**
 * Index (xz-file-format 1.2, section 4): the sizes of all blocks of a stream, in order.
 *
 *     index   = 00, number of records (vli), *record, 0*3 zero bytes to a multiple of four, CRC32
 *     record  = unpadded size (vli), uncompressed size (vli)
 */

/** The sizes of one block, in bytes. */
export interface IndexRecord {
  /** Block header + compressed data + check, without the padding between the last two. Never below 5. */
  readonly unpaddedSize: number
  readonly uncompressedSize: number
}

/** The least that a block header, one byte of data and no check can take. */
export const UNPADDED_SIZE_MIN = 5

/** The bytes of an index. Throws `RangeError` for sizes that no block has. */
export function encodeIndex(records: readonly IndexRecord[]): Uint8Array<ArrayBuffer> {
  let used = 1 + sizeOfVli(records.length)
  for (const { unpaddedSize, uncompressedSize } of records) {
    if (unpaddedSize < UNPADDED_SIZE_MIN) throw new RangeError(`no block is as small as ${unpaddedSize} bytes`)
    used += sizeOfVli(unpaddedSize) + sizeOfVli(uncompressedSize)
  }
  const bytes = new Uint8Array(paddedSize(used) + 4)
  let at = writeVli(bytes, 1, records.length)
  for (const { unpaddedSize, uncompressedSize } of records) {
    at = writeVli(bytes, writeVli(bytes, at, unpaddedSize), uncompressedSize)
  }
  writeU32le(bytes, bytes.length - 4, crc32(bytes.subarray(0, -4)))
  return bytes
}

/**
 * Reads an index. `bytes` is the whole of it and nothing else: as many as the footer's `backwardSize` says.
 *
 * Throws {@link XzError}: `XZ_TRUNCATED`, `XZ_CRC32`, `XZ_VLI`, `XZ_TOO_LARGE` (also for the sums of the sizes),
 * `XZ_PADDING`, `XZ_SIZE` for a size that no block has, or `XZ_MISMATCH` if it does not fill `bytes`.
 */
export function decodeIndex(bytes: Uint8Array): IndexRecord[] {
  const limit = bytes.length - 4
  if (limit < 4) throw new XzError('XZ_TRUNCATED', `an index takes 8 bytes or more, not ${bytes.length}`)
  if (bytes[0] !== 0) throw new XzError('XZ_MISMATCH', `no index begins there: its first byte is 0, not ${bytes[0]}`)
  if (crc32(bytes.subarray(0, limit)) !== readU32le(bytes, limit)) {
    throw new XzError('XZ_CRC32', 'the index does not match its CRC32')
  }

  const count = decodeVli(bytes, 1, limit)
  // Asked before any record is read, so that a false count cannot make this allocate or loop.
  if (count.value > (limit - count.end) / 2) {
    throw new XzError(
      'XZ_TRUNCATED',
      `the index promises ${count.value} records, more than its ${bytes.length} bytes hold`,
    )
  }
  const records: IndexRecord[] = []
  let at = count.end
  let blocksSize = 0
  let dataSize = 0
  while (records.length < count.value) {
    const unpadded = decodeVli(bytes, at, limit)
    const uncompressed = decodeVli(bytes, unpadded.end, limit)
    if (unpadded.value < UNPADDED_SIZE_MIN) {
      throw new XzError(
        'XZ_SIZE',
        `the index gives block ${records.length} a size of ${unpadded.value}: 5 is the least`,
      )
    }
    blocksSize += paddedSize(unpadded.value)
    dataSize += uncompressed.value
    if (blocksSize > Number.MAX_SAFE_INTEGER || dataSize > Number.MAX_SAFE_INTEGER) {
      throw new XzError('XZ_TOO_LARGE', `the sizes in the index add up to 2^53 or more at block ${records.length}`)
    }
    records.push({ unpaddedSize: unpadded.value, uncompressedSize: uncompressed.value })
    at = uncompressed.end
  }
  if (paddedSize(at) !== limit) {
    throw new XzError('XZ_MISMATCH', `the index ends at byte ${paddedSize(at) + 4}, but it should take ${bytes.length}`)
  }
  if (bytes.subarray(at, limit).some(byte => byte !== 0)) {
    throw new XzError('XZ_PADDING', 'the padding of the index is not zero')
  }
  return records
}

/** A size rounded up to the next multiple of four: what a block takes in its stream. */
export function paddedSize(size: number): number {
  return Math.ceil(size / 4) * 4
}
