import { describe, expect, it } from 'vitest'
import { crc32, writeU32le } from '../../../src/bytes/index.ts'
import {
  type BlockHeader,
  decodeBlockHeader,
  dictionarySizeOf,
  encodeBlockHeader,
  FILTER_ARM64,
  FILTER_DELTA,
  FILTER_LZMA2,
  lzma2Filter,
  X86_BRANCHES,
} from '../../../src/xz/index.ts'

const lzma2 = lzma2Filter(8 << 20)

/** A block header with these fields and zeros as padding, whatever they are, and a CRC32 that matches. */
function header(...fields: number[]): Uint8Array {
  const bytes = new Uint8Array(Math.ceil((fields.length + 1) / 4) * 4 + 4)
  bytes.set([bytes.length / 4 - 1, ...fields])
  writeU32le(bytes, bytes.length - 4, crc32(bytes.subarray(0, -4)))
  return bytes
}

describe('encodeBlockHeader', () => {
  it('writes the header of `xz -6`', () => {
    const bytes = encodeBlockHeader({ filters: [lzma2] })
    expect(Buffer.from(bytes).toString('hex')).toBe('0200210116000000742fe5a3')
  })

  it('writes both sizes and the filters in order', () => {
    const bytes = encodeBlockHeader({ compressedSize: 300, uncompressedSize: 5, filters: [X86_BRANCHES.filter, lzma2] })
    expect(bytes).toEqual(header(0xc1, 0xac, 0x02, 5, 0x04, 0, 0x21, 1, 22))
  })

  it.each<[string, BlockHeader]>([
    ['no filter', { filters: [] }],
    [
      'five filters',
      { filters: [X86_BRANCHES.filter, X86_BRANCHES.filter, X86_BRANCHES.filter, X86_BRANCHES.filter, lzma2] },
    ],
    ['LZMA2 before another filter', { filters: [lzma2, lzma2] }],
    ['another last filter', { filters: [X86_BRANCHES.filter] }],
    ['an unknown filter', { filters: [{ id: 0x7f, properties: new Uint8Array(0) }, lzma2] }],
    [
      'a start offset that is not aligned',
      { filters: [{ id: FILTER_ARM64, properties: Uint8Array.of(2, 0, 0, 0) }, lzma2] },
    ],
    ['Delta without its distance', { filters: [{ id: FILTER_DELTA, properties: new Uint8Array(0) }, lzma2] }],
    ['a dictionary property of 41', { filters: [{ id: FILTER_LZMA2, properties: Uint8Array.of(41) }] }],
    ['no compressed data', { filters: [lzma2], compressedSize: 0 }],
    ['a size that is not whole', { filters: [lzma2], uncompressedSize: 1.5 }],
  ])('refuses %s', (_, header) => {
    expect(() => encodeBlockHeader(header)).toThrow(RangeError)
  })
})

describe('decodeBlockHeader', () => {
  it('reads a header that is longer than it need be, at an offset', () => {
    const bytes = header(0x00, 0x21, 1, 22, 0, 0, 0, 0, 0, 0, 0, 0)
    const apart = new Uint8Array(bytes.length + 5)
    apart.set(bytes, 3)
    expect(decodeBlockHeader(apart, 3)).toEqual({
      headerSize: 20,
      compressedSize: undefined,
      uncompressedSize: undefined,
      filters: [lzma2],
    })
  })

  it.each<[string, Uint8Array, string]>([
    ['nothing', new Uint8Array(0), 'XZ_TRUNCATED'],
    ['the index', Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0), 'XZ_SIZE'],
    ['a cut header', header(0x00, 0x21, 1, 22).subarray(0, 11), 'XZ_TRUNCATED'],
    ['a changed byte', header(0x00, 0x21, 1, 22).fill(23, 4, 5), 'XZ_CRC32'],
    ['a reserved flag', header(0x04, 0x21, 1, 22), 'XZ_UNSUPPORTED'],
    ['bytes in the padding', header(0x00, 0x21, 1, 22, 0, 1), 'XZ_UNSUPPORTED'],
    ['a compressed size of zero', header(0x40, 0, 0x21, 1, 22), 'XZ_SIZE'],
    ['properties that run out of the header', header(0x00, 0x21, 9, 22), 'XZ_TRUNCATED'],
    ['an unknown filter', header(0x01, 0x7f, 0, 0x21, 1, 22), 'XZ_UNSUPPORTED'],
    ['LZMA2 that is not last', header(0x01, 0x21, 1, 22, 0x21, 1, 22), 'XZ_UNSUPPORTED'],
  ])('refuses %s', (_, bytes, code) => {
    expect(() => decodeBlockHeader(bytes)).toThrow(expect.objectContaining({ name: 'XzError', code }))
  })
})

describe('the dictionary size of LZMA2', () => {
  it.each([
    [0, 0, 4096],
    [4096, 0, 4096],
    [4097, 1, 6144],
    [1 << 20, 16, 1 << 20],
    [8 << 20, 22, 8 << 20],
    [24 << 20, 25, 24 << 20],
    [3 * 2 ** 30 + 1, 40, 2 ** 32 - 1],
    [2 ** 32 - 1, 40, 2 ** 32 - 1],
  ])('%d becomes %d: %d bytes', (wanted, property, size) => {
    const filter = lzma2Filter(wanted)
    expect([...filter.properties]).toEqual([property])
    expect(dictionarySizeOf(filter)).toBe(size)
  })

  it('refuses 4 GiB, and filters that have none', () => {
    expect(() => lzma2Filter(2 ** 32)).toThrow(RangeError)
    expect(() => dictionarySizeOf(X86_BRANCHES.filter)).toThrow(RangeError)
  })
})
