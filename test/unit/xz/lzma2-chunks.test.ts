import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { measureLzma2, sizeOfFirstChunks } from '../../../src/xz/index.ts'

const stored = (control: number, size: number) => [control, (size - 1) >> 8, (size - 1) & 255, ...Array(size).fill(7)]
const lzma = (control: number, size: number, compressed: number, ...properties: number[]) => [
  control | ((size - 1) >> 16),
  ((size - 1) >> 8) & 255,
  (size - 1) & 255,
  (compressed - 1) >> 8,
  (compressed - 1) & 255,
  ...properties,
  ...Array(compressed).fill(9),
]
const PROPERTIES = 0x5d // lc 3, lp 0, pb 2

const good = [...stored(1, 300), ...lzma(0xc0, 2 ** 21, 1000, PROPERTIES), ...lzma(0x80, 70_000, 5), ...stored(2, 4), 0]

describe('measureLzma2', () => {
  it('adds up stored and LZMA chunks', () => {
    const sizes = { compressedSize: good.length, uncompressedSize: 300 + 2 ** 21 + 70_000 + 4 }
    expect(measureLzma2([Uint8Array.from(good)])).toEqual(sizes)
    expect(measureLzma2([Uint8Array.of(0)])).toEqual({ compressedSize: 1, uncompressedSize: 0 })
  })

  it('gives the same however the data is cut', () => {
    const bytes = Uint8Array.from(good)
    const whole = measureLzma2([bytes])
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 20 }), cuts => {
        const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        expect(measureLzma2(edges.slice(1).map((end, i) => bytes.subarray(edges[i], end)))).toEqual(whole)
      }),
    )
  })

  it('refuses every shorter beginning', () => {
    const short = Uint8Array.from([...stored(1, 3), ...lzma(0xe0, 9, 5, PROPERTIES), 0])
    for (let size = 0; size < short.length; size++) {
      expect(() => measureLzma2([short.subarray(0, size)])).toThrow(expect.objectContaining({ code: 'XZ_LZMA2' }))
    }
  })

  it.each([
    ['bytes behind the end marker', [...good, 0]],
    ['a first chunk without a dictionary reset', [...stored(2, 1), 0]],
    ['a first LZMA chunk without a dictionary reset', [...lzma(0xc0, 1, 5, PROPERTIES), 0]],
    ['LZMA without properties behind a stored chunk', [...stored(1, 1), ...lzma(0xa0, 1, 5), 0]],
    [
      'properties that a dictionary reset dropped',
      [...lzma(0xe0, 1, 5, PROPERTIES), ...stored(1, 1), ...lzma(0xa0, 1, 5), 0],
    ],
    ['lc + lp above 4', [...lzma(0xe0, 1, 5, 3 + 9 * 2), 0]],
    ['pb above 4', [...lzma(0xe0, 1, 5, 225), 0]],
    ['control byte 3', [3, 0, 0, 0]],
    ['control byte 127', [127, 0, 0, 0]],
  ])('refuses %s', (_, bytes) => {
    expect(() => measureLzma2([Uint8Array.from(bytes)])).toThrow(expect.objectContaining({ code: 'XZ_LZMA2' }))
  })
})

describe('sizeOfFirstChunks', () => {
  const bytes = Uint8Array.from(good)
  /** Where the chunks end, and what they decode to by then. */
  const ends = [
    [0, 0],
    [303, 300],
    [303 + 1006, 300 + 2 ** 21],
    [303 + 1006 + 10, 300 + 2 ** 21 + 70_000],
    [303 + 1006 + 10 + 7, 300 + 2 ** 21 + 70_000 + 4],
  ]

  it('counts whole chunks', () => {
    for (const [i, [size, decoded]] of ends.entries()) {
      expect(sizeOfFirstChunks(bytes, decoded)).toBe(size)
      if (i > 0) expect(sizeOfFirstChunks(bytes, decoded - 1)).toBe(ends[i - 1][0])
    }
    expect(sizeOfFirstChunks(bytes, Number.MAX_SAFE_INTEGER)).toBe(good.length - 1)
  })

  it('ends where the data is cut off or not valid', () => {
    for (let cut = 0; cut < bytes.length; cut++) {
      const whole = ends.filter(([size]) => size <= cut).at(-1)![0]
      expect(sizeOfFirstChunks(bytes.subarray(0, cut), Number.MAX_SAFE_INTEGER)).toBe(whole)
    }
    expect(sizeOfFirstChunks(Uint8Array.of(0x80, 0, 0, 0, 0, 9), 100)).toBe(0)
  })
})
