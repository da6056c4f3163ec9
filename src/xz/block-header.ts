import { crc32, readU32le, writeU32le } from '../bytes/index.ts'
import { checkBytes, checkOffset } from './arguments.ts'
import { XzError } from './errors.ts'
import {
  decodeFilterFlags,
  type Filter,
  faultOfFilters,
  sizeOfFilterFlags,
  writeFilterFlags,
} from './filters/filter-flags.ts'
import { decodeVli, sizeOfVli, writeVli } from './vli.ts'

/**
 * Block header (xz-file-format 1.2, section 3.1).
 *
 *     block header = size, flags, [compressed size], [uncompressed size], 1*4 filter flags, padding, CRC32
 *     size         = header size / 4 - 1, one byte; 0 is not a block but the index
 *     flags        = bits 0-1: filters - 1; bit 6: compressed size follows; bit 7: uncompressed size follows
 *     padding      = zeros, up to the header size less four
 */

/** What a block header says. */
export interface BlockHeader {
  /** The size of the compressed data in bytes, without padding and check. */
  readonly compressedSize?: number | undefined
  /** The size of the data in bytes. With both sizes in its header, a block can be decoded beside others (`xz -T0 -d`). */
  readonly uncompressedSize?: number | undefined
  /** The filters, in the order in which the encoder applied them: LZMA2 is the last. */
  readonly filters: readonly Filter[]
}

/** A block header that was read, with its own size in bytes. */
export interface DecodedBlockHeader extends BlockHeader {
  readonly headerSize: number
}

const FLAG_COMPRESSED_SIZE = 0x40
const FLAG_UNCOMPRESSED_SIZE = 0x80
const FLAGS_RESERVED = 0x3c

/** The bytes of a block header, as short as it can be. Throws `RangeError` for sizes or filters that it cannot hold. */
export function encodeBlockHeader(header: BlockHeader): Uint8Array<ArrayBuffer> {
  const { compressedSize, uncompressedSize, filters } = header
  const fault = faultOfFilters(filters)
  if (fault !== undefined) throw new RangeError(fault)
  if (compressedSize === 0)
    throw new RangeError('the compressed data of a block is never empty: LZMA2 has an end marker')

  let used = 2
  if (compressedSize !== undefined) used += sizeOfVli(compressedSize)
  if (uncompressedSize !== undefined) used += sizeOfVli(uncompressedSize)
  for (const filter of filters) used += sizeOfFilterFlags(filter)
  const bytes = new Uint8Array(Math.ceil(used / 4) * 4 + 4)

  bytes[0] = bytes.length / 4 - 1
  bytes[1] = filters.length - 1
  let at = 2
  if (compressedSize !== undefined) {
    bytes[1] |= FLAG_COMPRESSED_SIZE
    at = writeVli(bytes, at, compressedSize)
  }
  if (uncompressedSize !== undefined) {
    bytes[1] |= FLAG_UNCOMPRESSED_SIZE
    at = writeVli(bytes, at, uncompressedSize)
  }
  for (const filter of filters) at = writeFilterFlags(bytes, at, filter)
  writeU32le(bytes, bytes.length - 4, crc32(bytes.subarray(0, -4)))
  return bytes
}

/**
 * Reads the block header at `offset`, which messages call `position`. Throws {@link XzError}: `XZ_TRUNCATED`, `XZ_CRC32`, `XZ_SIZE`
 * for a size of zero, `XZ_VLI`, `XZ_TOO_LARGE`, or `XZ_UNSUPPORTED` for reserved flags, bytes in the padding, and unknown filters.
 */
export function decodeBlockHeader(bytes: Uint8Array, offset = 0, position = offset): DecodedBlockHeader {
  checkBytes(bytes, 'bytes')
  checkOffset(offset, 'offset')
  if (offset >= bytes.length)
    throw new XzError('XZ_TRUNCATED', `no block header at byte ${position}: the bytes end there`)
  if (bytes[offset] === 0) throw new XzError('XZ_SIZE', `at byte ${position} is the index, not a block header`)
  const headerSize = (bytes[offset] + 1) * 4
  if (offset + headerSize > bytes.length) {
    throw new XzError(
      'XZ_TRUNCATED',
      `the block header at byte ${position} takes ${headerSize} bytes, more than there are`,
    )
  }
  const header = bytes.subarray(offset, offset + headerSize)
  const limit = headerSize - 4
  if (crc32(header.subarray(0, limit)) !== readU32le(header, limit)) {
    throw new XzError('XZ_CRC32', `the block header at byte ${position} does not match its CRC32`)
  }
  const flags = header[1]
  if (flags & FLAGS_RESERVED) {
    throw new XzError(
      'XZ_UNSUPPORTED',
      `the block header at byte ${position} uses flags that are reserved: a newer format?`,
    )
  }

  let at = 2
  const readSize = () => {
    const { value, end } = decodeVli(header, at, limit)
    at = end
    return value
  }
  const compressedSize = flags & FLAG_COMPRESSED_SIZE ? readSize() : undefined
  if (compressedSize === 0) {
    throw new XzError('XZ_SIZE', `the block header at byte ${position} gives a compressed size of zero`)
  }
  const uncompressedSize = flags & FLAG_UNCOMPRESSED_SIZE ? readSize() : undefined
  const filters: Filter[] = []
  for (let left = (flags & 3) + 1; left > 0; left--) {
    const { filter, end } = decodeFilterFlags(header, at, limit)
    filters.push(filter)
    at = end
  }
  const fault = faultOfFilters(filters)
  if (fault !== undefined) throw new XzError('XZ_UNSUPPORTED', `the block header at byte ${position}: ${fault}`)
  // The specification wants this told apart from damage: a newer format may keep a field there.
  if (header.subarray(at, limit).some(byte => byte !== 0)) {
    throw new XzError(
      'XZ_UNSUPPORTED',
      `the block header at byte ${position} has bytes in its padding: a newer format?`,
    )
  }
  return { headerSize, compressedSize, uncompressedSize, filters }
}
