import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type BlockHeader,
  type Check,
  decodeBlockHeader,
  decodeIndex,
  decodeStreamFooter,
  decodeStreamHeader,
  decodeVli,
  dictionarySizeOf,
  encodeBlockHeader,
  encodeIndex,
  encodeStreamFooter,
  encodeStreamHeader,
  encodeVli,
  FILTER_DELTA,
  type Filter,
  type IndexRecord,
  locateBlocks,
  lzma2Filter,
  X86_BRANCHES,
  XzError,
} from '../../../src/xz/index.ts'

/** Sizes of all orders of magnitude, small ones more often. */
const size = fc.oneof(fc.nat(300), fc.nat(), fc.maxSafeNat())
const check = fc.constantFrom<Check>('none', 'crc32', 'crc64', 'sha256')
const record: fc.Arbitrary<IndexRecord> = fc.record({
  unpaddedSize: fc.oneof(fc.integer({ min: 5, max: 300 }), fc.integer({ min: 5, max: 2 ** 46 })),
  uncompressedSize: fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 2 ** 46 })),
})
const records = fc.array(record, { maxLength: 40 })
const firstFilter: fc.Arbitrary<Filter> = fc.oneof(
  fc.constant(X86_BRANCHES.filter),
  fc.record({ id: fc.constantFrom(0x04, 0x0a), properties: fc.constant(Uint8Array.of(0, 0x10, 0, 0)) }),
  fc.record({ id: fc.constant(FILTER_DELTA), properties: fc.uint8Array({ minLength: 1, maxLength: 1 }) }),
)
const blockHeader: fc.Arbitrary<BlockHeader> = fc.record({
  compressedSize: fc.option(
    size.map(n => Math.max(n, 1)),
    { nil: undefined },
  ),
  uncompressedSize: fc.option(size, { nil: undefined }),
  filters: fc
    .tuple(fc.array(firstFilter, { maxLength: 3 }), fc.integer({ min: 0, max: 0xffff_ffff }))
    .map(([first, dictionarySize]) => [...first, lzma2Filter(dictionarySize)]),
})

/** Some bytes, and the same with one of them changed. */
function withDamage(bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> {
  return fc.tuple(bytes, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([sound, at, change]) => {
    const damaged = sound.slice()
    damaged[at % sound.length] ^= change
    return damaged
  })
}

describe('what is encoded is decoded to the same', () => {
  it('integers', () => {
    fc.assert(
      fc.property(size, value => {
        const bytes = encodeVli(value)
        expect(decodeVli(bytes)).toEqual({ value, end: bytes.length })
      }),
    )
  })

  it('integers: only the shortest form is read', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 10 }), bytes => {
        try {
          const { value, end } = decodeVli(bytes)
          expect(encodeVli(value)).toEqual(bytes.slice(0, end))
        } catch (error) {
          expect(error).toBeInstanceOf(XzError)
        }
      }),
    )
  })

  it('stream headers and footers', () => {
    fc.assert(
      fc.property(check, fc.integer({ min: 0, max: 0xffff_ffff }), (check, quarter) => {
        const backwardSize = (quarter + 1) * 4
        expect(decodeStreamHeader(encodeStreamHeader({ check }))).toEqual({ check })
        expect(decodeStreamFooter(encodeStreamFooter({ check, backwardSize }))).toEqual({ check, backwardSize })
      }),
    )
  })

  it('block headers', () => {
    fc.assert(
      fc.property(blockHeader, header => {
        const bytes = encodeBlockHeader(header)
        expect(bytes.length % 4).toBe(0)
        expect(decodeBlockHeader(bytes)).toEqual({ ...header, headerSize: bytes.length })
      }),
    )
  })

  it('indexes', () => {
    fc.assert(
      fc.property(records, records => {
        const bytes = encodeIndex(records)
        expect(bytes.length % 4).toBe(0)
        expect(decodeIndex(bytes)).toEqual(records)
      }),
    )
  })

  it('dictionary sizes: the smallest that the property can express and that is not smaller', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4097, max: 0xffff_ffff }), wanted => {
        const filter = lzma2Filter(wanted)
        expect(dictionarySizeOf(filter)).toBeGreaterThanOrEqual(wanted)
        const below = { ...filter, properties: Uint8Array.of(filter.properties[0] - 1) }
        expect(dictionarySizeOf(below)).toBeLessThan(wanted)
      }),
    )
  })
})

describe('one changed byte is refused', () => {
  it.each([
    ['stream header', check.map(check => encodeStreamHeader({ check })), decodeStreamHeader],
    [
      'stream footer',
      fc.tuple(check, fc.nat()).map(([check, n]) => encodeStreamFooter({ check, backwardSize: (n + 1) * 4 })),
      decodeStreamFooter,
    ],
    ['block header', blockHeader.map(encodeBlockHeader), decodeBlockHeader],
    ['index', records.map(encodeIndex), decodeIndex],
  ] as const)('in a %s', (_, bytes, decode) => {
    fc.assert(
      fc.property(withDamage(bytes), damaged => {
        expect(() => decode(damaged)).toThrow(XzError)
      }),
      { numRuns: 1000 },
    )
  })
})

it('blocks stand one behind the other, at multiples of four', () => {
  fc.assert(
    fc.property(records, records => {
      let offset = 12
      let uncompressedOffset = 0
      for (const block of locateBlocks(records)) {
        expect(block.offset).toBe(offset)
        expect(block.uncompressedOffset).toBe(uncompressedOffset)
        expect(block.size % 4).toBe(0)
        expect(block.size - block.unpaddedSize).toBeLessThan(4)
        expect(block.size).toBeGreaterThanOrEqual(block.unpaddedSize)
        offset += block.size
        uncompressedOffset += block.uncompressedSize
      }
    }),
  )
})
