import { crc32, readU32le, writeU32le } from '../bytes/index.ts'
import { type Check, checkId, checkOfId } from './check.ts'
import { XzError } from './errors.ts'

/**
 * Stream header and stream footer (xz-file-format 1.2, sections 2.1.1 and 2.1.2). Both are twelve bytes.
 *
 *     header = FD '7zXZ' 00, flags, CRC32 of flags
 *     footer = CRC32 of the next six bytes, backward size, flags, 'YZ'
 *     flags  = 00, check ID            the four high bits are reserved
 *     backward size                    32 bits: size of the index / 4 - 1
 */

/** The size of a stream header, and of a stream footer, in bytes. */
export const STREAM_HEADER_SIZE = 12

/** The largest index in bytes, 2^34: what the footer can express. */
export const BACKWARD_SIZE_MAX = 2 ** 34

/** What a stream header says. */
export interface StreamFlags {
  /** The kind of check behind every block of the stream. */
  readonly check: Check
}

/** What a stream footer says. */
export interface StreamFooter extends StreamFlags {
  /** The size of the index in bytes, a multiple of four. The index stands directly before the footer. */
  readonly backwardSize: number
}

const HEADER_MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]
const FOOTER_MAGIC = [0x59, 0x5a]

/** The twelve bytes that open a stream. */
export function encodeStreamHeader(flags: StreamFlags): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(STREAM_HEADER_SIZE)
  bytes.set(HEADER_MAGIC, 0)
  bytes[7] = checkId(flags.check)
  writeU32le(bytes, 8, crc32(bytes.subarray(6, 8)))
  return bytes
}

/**
 * Reads the twelve bytes at `offset`, which messages call `position`.
 * Throws {@link XzError}: `XZ_TRUNCATED`, `XZ_MAGIC`, `XZ_CRC32`, or `XZ_UNSUPPORTED` for reserved flags and checks.
 */
export function decodeStreamHeader(bytes: Uint8Array, offset = 0, position = offset): StreamFlags {
  const header = twelveBytes(bytes, offset, 'stream header')
  if (!startsWith(header, HEADER_MAGIC)) throw new XzError('XZ_MAGIC', `no .xz stream begins at byte ${position}`)
  if (crc32(header.subarray(6, 8)) !== readU32le(header, 8)) {
    throw new XzError('XZ_CRC32', `the stream header at byte ${position} does not match its CRC32`)
  }
  return decodeFlags(header.subarray(6, 8))
}

/** Whether a stream may begin with these bytes, as far as they go. */
export function startsStream(bytes: Uint8Array): boolean {
  return bytes.every((byte, i) => i >= HEADER_MAGIC.length || byte === HEADER_MAGIC[i])
}

/** The twelve bytes that end a stream. Throws `RangeError` for a size that no index has. */
export function encodeStreamFooter(footer: StreamFooter): Uint8Array<ArrayBuffer> {
  const { backwardSize } = footer
  if (!Number.isSafeInteger(backwardSize) || backwardSize % 4 || backwardSize < 4 || backwardSize > BACKWARD_SIZE_MAX) {
    throw new RangeError(`not the size of an index: ${backwardSize} (a multiple of 4 up to 2^34)`)
  }
  const bytes = new Uint8Array(STREAM_HEADER_SIZE)
  writeU32le(bytes, 4, backwardSize / 4 - 1)
  bytes[9] = checkId(footer.check)
  bytes.set(FOOTER_MAGIC, 10)
  writeU32le(bytes, 0, crc32(bytes.subarray(4, 10)))
  return bytes
}

/**
 * Reads the twelve bytes at `offset`, which messages call `position`.
 * Throws {@link XzError}: `XZ_TRUNCATED`, `XZ_MAGIC`, `XZ_CRC32`, or `XZ_UNSUPPORTED` for reserved flags and checks.
 */
export function decodeStreamFooter(bytes: Uint8Array, offset = 0, position = offset): StreamFooter {
  const footer = twelveBytes(bytes, offset, 'stream footer')
  if (!startsWith(footer.subarray(10), FOOTER_MAGIC)) {
    throw new XzError('XZ_MAGIC', `no .xz stream ends at byte ${position + STREAM_HEADER_SIZE}: is the file cut short?`)
  }
  if (crc32(footer.subarray(4, 10)) !== readU32le(footer, 0)) {
    throw new XzError('XZ_CRC32', `the stream footer at byte ${position} does not match its CRC32`)
  }
  return { ...decodeFlags(footer.subarray(8, 10)), backwardSize: (readU32le(footer, 4) + 1) * 4 }
}

function decodeFlags(flags: Uint8Array): StreamFlags {
  if (flags[0] !== 0 || flags[1] > 0x0f) {
    throw new XzError(
      'XZ_UNSUPPORTED',
      `the stream flags ${flags[0]}, ${flags[1]} use bits that are reserved: a newer format?`,
    )
  }
  return { check: checkOfId(flags[1]) }
}

function twelveBytes(bytes: Uint8Array, offset: number, what: string): Uint8Array {
  if (offset < 0 || offset + STREAM_HEADER_SIZE > bytes.length) {
    throw new XzError(
      'XZ_TRUNCATED',
      `a ${what} takes 12 bytes, but there are only ${bytes.length - offset} at ${offset}`,
    )
  }
  return bytes.subarray(offset, offset + STREAM_HEADER_SIZE)
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte)
}
