import { checkBytes, checkOffset } from './arguments.ts'
import { XzError } from './errors.ts'

/**
 * Variable-length integers ("vli"; xz-file-format 1.2, section 1.2).
 *
 *     vli = *9( 1xxxxxxx ) 0xxxxxxx    seven bits a byte, the lowest first; nine bytes at most, 63 bits
 *
 * The shortest form is the only valid one. Values are JavaScript numbers here: what is 2^53 or more, though the format
 * allows it, is refused. No file is that large.
 */

/** The most bytes that one value can take. */
export const VLI_MAX_SIZE = 9

/** How many bytes `value` takes. Throws `RangeError` unless it is a non-negative integer below 2^53. */
export function sizeOfVli(value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a variable-length integer: ${value}`)
  let size = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}

/** The bytes of `value`. Throws `RangeError` unless it is a non-negative integer below 2^53. */
export function encodeVli(value: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeOfVli(value))
  writeVli(bytes, 0, value)
  return bytes
}

/** Writes `value` into `target` at `offset` and returns the offset behind it. Throws `RangeError` if it has no room. */
export function writeVli(target: Uint8Array, offset: number, value: number): number {
  const size = sizeOfVli(value)
  if (offset + size > target.length) throw new RangeError(`no room for ${size} bytes at ${offset} of ${target.length}`)
  let at = offset
  // Division, not shifts: bit operations would cut the value to 32 bits.
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) target[at++] = 128 + (rest % 128)
  target[at++] = rest
  return at
}

/** A value read by {@link decodeVli}, and the offset behind it. */
export interface DecodedVli {
  readonly value: number
  readonly end: number
}

/**
 * Reads one value at `offset`; bytes from `limit` on do not belong to it.
 * Throws {@link XzError}: `XZ_TRUNCATED`, `XZ_VLI`, or `XZ_TOO_LARGE` for 2^53 and more.
 */
export function decodeVli(bytes: Uint8Array, offset = 0, limit = bytes.length): DecodedVli {
  checkBytes(bytes, 'bytes')
  checkOffset(offset, 'offset')
  let value = 0
  let unit = 1
  for (let at = offset; at < limit; at++, unit *= 128) {
    if (at - offset === VLI_MAX_SIZE) {
      throw new XzError('XZ_VLI', `the integer at byte ${offset} is longer than ${VLI_MAX_SIZE} bytes`)
    }
    const byte = bytes[at]
    // Sums that pass 2^53 are rounded, but never back below it.
    value += (byte & 127) * unit
    if (byte >= 128) continue
    if (byte === 0 && at > offset) {
      throw new XzError('XZ_VLI', `the integer at byte ${offset} ends with a superfluous zero byte`)
    }
    if (value > Number.MAX_SAFE_INTEGER) {
      throw new XzError('XZ_TOO_LARGE', `the integer at byte ${offset} is 2^53 or more: no file has such a size`)
    }
    return { value, end: at + 1 }
  }
  throw new XzError('XZ_TRUNCATED', `the integer at byte ${offset} does not end before byte ${limit}`)
}
