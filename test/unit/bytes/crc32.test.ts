import { crc32 as zlibCrc32 } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32, crc32Combine } from '../../../src/bytes/index.ts'

const digits = new TextEncoder().encode('123456789')
const bytes = fc.uint8Array({ maxLength: 300 })

describe('crc32', () => {
  it('gives the known values', () => {
    expect(crc32(new Uint8Array(0))).toBe(0)
    expect(crc32(digits)).toBe(0xcbf43926)
  })

  it('agrees with zlib at every length and alignment', () => {
    const all = Uint8Array.from({ length: 80 }, (_, i) => (i * 73 + 11) & 255)
    for (let start = 0; start < 9; start++) {
      for (let end = start; end <= all.length; end++) {
        expect(crc32(all.subarray(start, end))).toBe(zlibCrc32(all.subarray(start, end)))
      }
    }
  })

  it('goes on from a seed as zlib does', () => {
    fc.assert(
      fc.property(bytes, fc.integer({ min: 0, max: 0xffff_ffff }), (data, seed) => {
        expect(crc32(data, seed)).toBe(zlibCrc32(data, seed))
      }),
    )
  })
})

describe('crc32Combine', () => {
  it('gives the CRC of two messages from the CRC of each', () => {
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(crc32Combine(crc32(a), crc32(b), b.length)).toBe(zlibCrc32(b, zlibCrc32(a)))
      }),
    )
  })

  it('knows lengths that no memory holds: the same whether added at once or in two steps', () => {
    const length = fc.integer({ min: 0, max: 2 ** 52 - 1 })
    const crc = fc.integer({ min: 0, max: 0xffff_ffff })
    fc.assert(
      fc.property(crc, length, length, (a, m, n) => {
        // The CRC of a message followed by m and then n bytes whose own CRC is 0.
        expect(crc32Combine(crc32Combine(a, 0, m), 0, n)).toBe(crc32Combine(a, 0, m + n))
      }),
    )
  })

  it('knows the CRC of 4 GiB of zeros', () => {
    // By doubling, from bytes that were really read; the expected value is zlib's own over all 2^32 bytes.
    let zeros = zlibCrc32(new Uint8Array(2 ** 20))
    for (let size = 2 ** 20; size < 2 ** 32; size *= 2) zeros = crc32Combine(zeros, zeros, size)
    expect(zeros).toBe(0xd202ef8d)
  })

  it('refuses what is not a length', () => {
    expect(() => crc32Combine(1, 2, -1)).toThrow(RangeError)
    expect(() => crc32Combine(1, 2, 0.5)).toThrow(RangeError)
    expect(() => crc32Combine(1, 2, 2 ** 53)).toThrow(RangeError)
  })
})
