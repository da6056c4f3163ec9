import { describe, expect, it } from 'vitest'
import { crc32, writeU32le } from '../../../src/bytes/index.ts'
import { decodeIndex, encodeIndex } from '../../../src/xz/index.ts'

/** An index with these bytes between indicator and CRC32, which matches. They must make it a multiple of four. */
function index(...fields: number[]): Uint8Array {
  const bytes = new Uint8Array(1 + fields.length + 4)
  bytes.set(fields, 1)
  writeU32le(bytes, bytes.length - 4, crc32(bytes.subarray(0, -4)))
  return bytes
}

const HUGE = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f] // 2^53 - 1

describe('encodeIndex', () => {
  it('writes the index of an empty stream as xz does', () => {
    expect(Buffer.from(encodeIndex([])).toString('hex')).toBe('000000001cdf4421')
  })

  it('writes indicator, count, records and padding', () => {
    const bytes = encodeIndex([
      { unpaddedSize: 5, uncompressedSize: 0 },
      { unpaddedSize: 300, uncompressedSize: 128 },
    ])
    expect(bytes).toEqual(index(2, 5, 0, 0xac, 0x02, 0x80, 0x01))
  })

  it('refuses a block that is too small to be one', () => {
    expect(() => encodeIndex([{ unpaddedSize: 4, uncompressedSize: 1 }])).toThrow(RangeError)
    expect(() => encodeIndex([{ unpaddedSize: 8, uncompressedSize: -1 }])).toThrow(RangeError)
  })
})

describe('decodeIndex', () => {
  it.each<[string, Uint8Array, string]>([
    ['seven bytes', new Uint8Array(7), 'XZ_TRUNCATED'],
    ['a block header', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0), 'XZ_MISMATCH'],
    ['a wrong CRC32', index(0, 0, 0).fill(1, 7), 'XZ_CRC32'],
    ['more records than bytes', index(4, 5, 0, 5, 0, 0, 0), 'XZ_TRUNCATED'],
    ['a record that runs into the CRC32', index(1, 5, 0x80), 'XZ_TRUNCATED'],
    ['a count that would take all memory', index(...HUGE, 5, 0, 0), 'XZ_TRUNCATED'],
    ['a block of four bytes', index(1, 4, 0), 'XZ_SIZE'],
    ['a block of no bytes', index(1, 0, 0), 'XZ_SIZE'],
    ['fewer records than bytes', index(0, 0, 0, 0, 0, 0, 0), 'XZ_MISMATCH'],
    ['a padding that is not zero', index(0, 0, 1), 'XZ_PADDING'],
    ['a size that is not in its shortest form', index(1, 0x85, 0, 0, 0, 0, 0), 'XZ_VLI'],
    ['data that adds up to 2^53', index(2, 5, ...HUGE, 5, 1, 0, 0, 0), 'XZ_TOO_LARGE'],
    ['a block that its padding brings to 2^53', index(1, ...HUGE, 0, 0), 'XZ_TOO_LARGE'],
    ['blocks that add up to 2^53', index(2, ...HUGE, 0, 5, 0, 0, 0, 0), 'XZ_TOO_LARGE'],
  ])('refuses %s', (_, bytes, code) => {
    expect(() => decodeIndex(bytes)).toThrow(expect.objectContaining({ name: 'XzError', code }))
  })
})
