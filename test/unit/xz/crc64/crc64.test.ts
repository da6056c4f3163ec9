import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc64 } from '../../../../src/xz/crc64/crc64.ts'

/** The same by the definition: one bit at a time, with BigInt. */
function slowCrc64(bytes: Uint8Array): bigint {
  let crc = 0xffff_ffff_ffff_ffffn
  for (const byte of bytes) {
    crc ^= BigInt(byte)
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0xc96c5795d7870f42n : crc >> 1n
  }
  return crc ^ 0xffff_ffff_ffff_ffffn
}

describe('crc64', () => {
  it('gives the known values', () => {
    expect(crc64(new Uint8Array(0))).toBe(0n)
    expect(crc64(new TextEncoder().encode('123456789'))).toBe(0x995dc9bbdf1939fan)
  })

  it('agrees with the definition at every length and alignment', () => {
    const all = Uint8Array.from({ length: 48 }, (_, i) => (i * 73 + 11) & 255)
    for (let start = 0; start < 9; start++) {
      for (let end = start; end <= all.length; end++) {
        expect(crc64(all.subarray(start, end))).toBe(slowCrc64(all.subarray(start, end)))
      }
    }
  })

  it.each([65_535, 65_536, 65_537, 200_000])('agrees with the definition over %i bytes', size => {
    const bytes = Uint8Array.from({ length: size }, (_, i) => (i * i) >>> 5)
    expect(crc64(bytes)).toBe(slowCrc64(bytes))
  })

  it('goes on from a seed: the same however the bytes are cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(200), (bytes, cut) => {
        expect(crc64(bytes.subarray(cut), crc64(bytes.subarray(0, cut)))).toBe(slowCrc64(bytes))
      }),
    )
  })
})
