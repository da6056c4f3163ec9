/**
 * Numbers in a tar header: octal digits ended by NUL, or, in GNU format, when the digits do not suffice, a big-endian
 * two's complement number whose first byte has the top bit set ("base-256").
 */

/** The least number that the octal digits of a field cannot hold. */
const OCTAL_LIMIT = { 8: 8 ** 7, 12: 8 ** 11 }

/** Writes `value`, from 0 to 2^53 - 1, into a field of 8 or 12 bytes at `offset`. Throws `RangeError`. */
export function writeNumberField(target: Uint8Array, offset: number, length: 8 | 12, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a tar number: ${value}`)
  if (value < OCTAL_LIMIT[length]) writeOctal(target, offset, length - 1, value)
  else writeBase256(target, offset, length, value)
}

/** Writes exactly `digits` octal digits and a NUL. */
export function writeOctal(target: Uint8Array, offset: number, digits: number, value: number): void {
  let rest = value
  for (let at = offset + digits - 1; at >= offset; at--) {
    const higher = Math.floor(rest / 8)
    target[at] = 0x30 + (rest - higher * 8)
    rest = higher
  }
  target[offset + digits] = 0
}

function writeBase256(target: Uint8Array, offset: number, length: number, value: number): void {
  let rest = value
  for (let at = offset + length - 1; at > offset; at--) {
    target[at] = rest % 256
    rest = Math.floor(rest / 256)
  }
  target[offset] = 0x80
}
