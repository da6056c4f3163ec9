import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createFilterChain } from '../../../../src/xz/filters/filter-chain.ts'
import { createFilterDecoder } from '../../../../src/xz/filters/filter-decoders.ts'
import {
  ARM64_BRANCHES,
  FILTER_DELTA,
  FILTER_LZMA2,
  type Filter,
  lzma2Filter,
  X86_BRANCHES,
  XzError,
} from '../../../../src/xz/index.ts'

const NOTHING = new Uint8Array(0)

/** Bytes that each branch converter takes for instructions, more often than others. */
const bytes = fc
  .constantFrom(
    [0xe8, 0xe9, 0x00, 0xff, 0xfe], // x86
    [0x48, 0x4b, 0x01, 0xff, 0x05], // PowerPC
    [0x10, 0x12, 0x16, 0x50, 0x00, 0x05, 0xa0, 0x14], // IA-64
    [0xeb, 0x00, 0x01, 0xff], // ARM
    [0xf0, 0xf8, 0xf7, 0xff, 0x01], // ARM Thumb
    [0x40, 0x7f, 0xc0, 0xff, 0x00], // SPARC
    [0x94, 0x97, 0x90, 0xb0, 0x00, 0xff, 0xe0], // ARM64
    [0xef, 0x17, 0x97, 0x31, 0x01, 0x03, 0x73, 0x80], // RISC-V
  )
  .chain(alphabet => fc.array(fc.constantFrom(...alphabet), { maxLength: 400 }))
  .map(numbers => Uint8Array.from(numbers))

const delta = fc.nat(255).map<Filter>(distance => ({ id: FILTER_DELTA, properties: Uint8Array.of(distance) }))
const branches = fc.record<Filter>({
  id: fc.constantFrom(0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b),
  properties: fc.oneof(fc.constant(NOTHING), fc.constantFrom(0x10, 0x12_3450, 0xffff_ffc0).map(startOffset)),
})
const filters = fc.array(fc.oneof({ weight: 4, arbitrary: branches }, delta), { minLength: 1, maxLength: 3 })
const cuts = fc.array(fc.nat(30), { minLength: 1, maxLength: 50 }).filter(sizes => sizes.some(size => size > 0))

function startOffset(offset: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(offset).buffer)
}

/** Undoes filters over copies of pieces, whose sizes are those of `sizes` over and over. */
function undo(filters: readonly Filter[], bytes: Uint8Array, sizes: readonly number[] = [bytes.length || 1]): Buffer {
  const chain = createFilterChain(filters)
  const parts: Uint8Array[] = []
  for (let at = 0, i = 0; at < bytes.length; at += sizes[i % sizes.length]!, i++) {
    parts.push(chain.push(bytes.slice(at, at + sizes[i % sizes.length]!)).slice())
  }
  return Buffer.concat([...parts, chain.end()])
}

function encodeDelta(bytes: Uint8Array, distance: number): Uint8Array {
  return bytes.map((byte, at) => byte - (bytes[at - distance] ?? 0))
}

describe('filters are undone', () => {
  it('to the same bytes, wherever the pieces are cut', () => {
    fc.assert(
      fc.property(filters, bytes, cuts, (filters, bytes, sizes) => {
        expect(undo(filters, bytes, sizes)).toEqual(undo(filters, bytes))
      }),
      { numRuns: 3000 },
    )
  })

  it.each([X86_BRANCHES, ARM64_BRANCHES])('of our own converters: %#', ({ filter, encode }) => {
    fc.assert(
      fc.property(bytes, cuts, (bytes, sizes) => {
        const encoded = bytes.slice()
        encode(encoded)
        expect(undo([filter], encoded, sizes)).toEqual(Buffer.from(bytes))
      }),
      { numRuns: 2000 },
    )
  })

  it('of Delta, over distances up to 256', () => {
    fc.assert(
      fc.property(delta, fc.uint8Array({ maxLength: 1000 }), cuts, (filter, bytes, sizes) => {
        const encoded = encodeDelta(bytes, filter.properties[0]! + 1)
        expect(undo([filter], encoded, sizes)).toEqual(Buffer.from(bytes))
      }),
    )
  })

  it('from the last one to the first', () => {
    const code = Uint8Array.from({ length: 500 }, (_, at) => [0xe8, at, 0, 0, 0][at % 5]!)
    const converted = code.slice()
    X86_BRANCHES.encode(converted)
    expect(converted).not.toEqual(code)
    const filters = [X86_BRANCHES.filter, { id: FILTER_DELTA, properties: Uint8Array.of(3) }]
    expect(undo(filters, encodeDelta(converted, 4), [7])).toEqual(Buffer.from(code))
  })

  it('of a block without filters: pieces as they are', () => {
    const piece = Uint8Array.of(1, 2, 3)
    const chain = createFilterChain([])
    expect(chain.push(piece)).toBe(piece)
    expect(chain.end()).toEqual(NOTHING)
  })

  it('without keeping a piece, which may be written over', () => {
    const code = Uint8Array.of(0xe8, 1, 0, 0, 0, 1, 2, 3)
    const converted = code.slice()
    X86_BRANCHES.encode(converted)
    const chain = createFilterChain([X86_BRANCHES.filter])
    const piece = converted.slice(0, 3)
    const parts = [Buffer.from(chain.push(piece))]
    piece.fill(0xaa)
    parts.push(Buffer.from(chain.push(converted.slice(3))), Buffer.from(chain.end()))
    expect(Buffer.concat(parts)).toEqual(Buffer.from(code))
  })
})

describe('unsupported filters are refused', () => {
  it.each<[string, Filter]>([
    ['an unknown ID', { id: 0x0c, properties: NOTHING }],
    ['LZMA2', lzma2Filter(4096)],
    ['LZMA2 with properties of two bytes', { id: FILTER_LZMA2, properties: new Uint8Array(2) }],
    ['Delta without a distance', { id: FILTER_DELTA, properties: NOTHING }],
    ['a start offset of three bytes', { id: 0x04, properties: new Uint8Array(3) }],
    ['a start offset within an instruction', { id: 0x0a, properties: startOffset(2) }],
    ['a start offset within a bundle of IA-64', { id: 0x06, properties: startOffset(8) }],
    ['an odd start offset of RISC-V', { id: 0x0b, properties: startOffset(1) }],
  ])('%s', (_, filter) => {
    for (const create of [() => createFilterDecoder(filter), () => createFilterChain([X86_BRANCHES.filter, filter])]) {
      expect(create).toThrow(expect.objectContaining({ code: 'XZ_UNSUPPORTED' }))
      expect(create).toThrow(XzError)
    }
  })
})
