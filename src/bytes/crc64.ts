/**
 * CRC-64 as in .xz (ECMA-182): polynomial 0x42F0E1EBA9EA3693 used bit-reversed, start and end inverted.
 *
 * JavaScript has no fast 64-bit integer, so the register is kept as two 32-bit halves with a table each. Measured on
 * 16 MiB (Node 24, x64, several runs), as multiples of the bytewise loop: eight bytes a turn 2.8 to 3.5, sixteen 2.6,
 * eight with BigInt 0.65. Reading through an `Int32Array` was 12 to 19 % faster than through a `DataView`, but only
 * serves bytes that lie on a multiple of four.
 */

/** The halves of the polynomial, bit-reversed. */
const POLYNOMIAL_LOW = 0xd7870f42
const POLYNOMIAL_HIGH = 0xc96c5795

/** `LOW[256 * n + b]` and `HIGH[…]`: what byte `b` contributes when `n` more bytes follow it. */
const { low: LOW, high: HIGH } = makeTables(8)

/**
 * The CRC-64 of `bytes`. `seed` is the CRC of what came before: `crc64(b, crc64(a))` is the CRC of `a` followed by `b`.
 * A block of 16 MiB takes 21 ms (0.8 GB/s).
 */
export function crc64(bytes: Uint8Array, seed = 0n): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const end8 = bytes.length - (bytes.length % 8)
  let low = ~Number(seed & 0xffff_ffffn)
  let high = ~Number(seed >> 32n)
  let at = 0
  for (; at < end8; at += 8) {
    const x = low ^ view.getInt32(at, true)
    const y = high ^ view.getInt32(at + 4, true)
    const i0 = 1792 + (x & 255)
    const i1 = 1536 + ((x >>> 8) & 255)
    const i2 = 1280 + ((x >>> 16) & 255)
    const i3 = 1024 + (x >>> 24)
    const i4 = 768 + (y & 255)
    const i5 = 512 + ((y >>> 8) & 255)
    const i6 = 256 + ((y >>> 16) & 255)
    const i7 = y >>> 24
    low = LOW[i0] ^ LOW[i1] ^ LOW[i2] ^ LOW[i3] ^ LOW[i4] ^ LOW[i5] ^ LOW[i6] ^ LOW[i7]
    high = HIGH[i0] ^ HIGH[i1] ^ HIGH[i2] ^ HIGH[i3] ^ HIGH[i4] ^ HIGH[i5] ^ HIGH[i6] ^ HIGH[i7]
  }
  for (; at < bytes.length; at++) {
    const index = (low ^ bytes[at]) & 255
    low = ((low >>> 8) | (high << 24)) ^ LOW[index]
    high = (high >>> 8) ^ HIGH[index]
  }
  return (BigInt(~high >>> 0) << 32n) | BigInt(~low >>> 0)
}

function makeTables(count: number): { low: Int32Array; high: Int32Array } {
  const low = new Int32Array(256 * count)
  const high = new Int32Array(256 * count)
  for (let byte = 0; byte < 256; byte++) {
    let l = byte
    let h = 0
    for (let bit = 0; bit < 8; bit++) {
      const carry = l & 1
      l = (l >>> 1) | (h << 31)
      h >>>= 1
      if (carry) {
        l ^= POLYNOMIAL_LOW
        h ^= POLYNOMIAL_HIGH
      }
    }
    low[byte] = l
    high[byte] = h
  }
  for (let i = 256; i < low.length; i++) {
    const index = low[i - 256] & 255
    low[i] = ((low[i - 256] >>> 8) | (high[i - 256] << 24)) ^ low[index]
    high[i] = (high[i - 256] >>> 8) ^ high[index]
  }
  return { low, high }
}
