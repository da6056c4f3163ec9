import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { XzReadableStream } from 'xz-decompress'
import {
  createLzma2Encoder,
  LZMA2_ENCODER,
  type Lzma2Level,
  lzma2DictionarySize,
  measureLzma2,
} from '../../../../src/xz/index.ts'
import { arbitraryInput, buildInput, createRandom, decodeNative, wrapXz } from '../../../lzma2-inputs.ts'

const encoder = createLzma2Encoder()
const LEVELS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] as const

/** Encodes, sees that it can be decoded to the same bytes, and returns the number of bytes it took. */
function roundTrip(data: Uint8Array, level: Lzma2Level): number {
  const chunks = encoder.encode(data, level)
  expect(measureLzma2([chunks])).toEqual({ compressedSize: chunks.length, uncompressedSize: data.length })
  // Not toEqual: it takes seconds for megabytes.
  expect(decodeNative(chunks, data, lzma2DictionarySize(data.length)).equals(data)).toBe(true)
  return chunks.length
}

const MiB = 2 ** 20
const random = createRandom(7)
const noise = (size: number) => Uint8Array.from({ length: size }, () => random() >>> 13)
const periodic = (size: number, period: number) => {
  const pattern = noise(period)
  return Uint8Array.from({ length: size }, (_, i) => pattern[i % period]!)
}
function fibonacci(size: number): Uint8Array {
  let [before, now] = ['a', 'ab']
  while (now.length < size) [before, now] = [now, now + before]
  return Buffer.from(now.slice(0, size))
}
const prose = (size: number) => {
  const words = Array.from({ length: 3000 }, () =>
    random()
      .toString(36)
      .slice(0, 2 + (random() % 6)),
  )
  let text = ''
  while (text.length < size) text += `${words[Math.min(random() % 3000, random() % 3000)]} `
  return Buffer.from(text.slice(0, size))
}

describe('the LZMA2 encoder', () => {
  it.each(LEVELS)('is undone by another decoder, at level %i', level => {
    for (const size of [0, 1, 2, 3, 4, 5, 6, 7, 8, 31, 32, 33, 273, 274, 4095, 65_535, 65_536, 65_537]) {
      for (const data of [new Uint8Array(size), noise(size), periodic(size, 3), prose(size)]) roundTrip(data, level)
    }
  })

  // Tables after which a way ended where none led to.
  it.each([
    [2, 2399],
    [3, 2735],
    [4, 2735],
    [5, 5443],
    [6, 5443],
  ] as const)('ends anywhere, at level %i', (level, seed) => {
    roundTrip(buildInput([{ kind: 'table', size: 300 + ((seed * 37) % 900), seed, period: seed }]), level)
  })

  it.each(LEVELS)('goes over the ends of chunks, at level %i', level => {
    roundTrip(
      Buffer.concat([prose(3 * MiB), noise(200_000), new Uint8Array(3 * MiB), noise(70_000), prose(1000)]),
      level,
    )
  })

  it('is undone by another decoder, whatever the bytes', () => {
    const level = fc.integer({ min: 0, max: 9 }).map(value => value as Lzma2Level)
    fc.assert(
      fc.property(arbitraryInput(20_000), level, (parts, level) => void roundTrip(buildInput(parts), level)),
      { numRuns: 2000 },
    )
  }, 120_000)

  const headers = (size: number) => buildInput([{ kind: 'headers', size, seed: 1, period: 150 }])
  const make: Record<string, (size: number) => Uint8Array> = {
    'headers of a tar': headers,
    zeros: size => new Uint8Array(size),
    'one byte': size => new Uint8Array(size).fill(0xe8),
    'a Fibonacci string': fibonacci,
    noise,
    'sorted lines': size => Buffer.from(prose(size).toString().split(' ').sort().join('\n')),
    'the same megabyte': size => {
      const once = prose(MiB)
      return Buffer.concat(Array.from({ length: size / MiB }, () => once))
    },
  }
  for (const period of [2, 3, 7, 64, 255, 273, 300]) make[`period ${period}`] = size => periodic(size, period)
  it.each(Object.keys(make))(
    'takes a whole block of %s',
    name => {
      const data = make[name]!(16 * MiB)
      for (const level of [1, 2, 6] as const) roundTrip(data, level)
    },
    120_000,
  )

  it('compresses', () => {
    const data = prose(4 * MiB)
    const sizes = LEVELS.map(level => roundTrip(data, level))
    expect(sizes[0]).toBeLessThan(data.length / 2)
    expect(sizes[6]).toBeLessThan(sizes[1]!)
    expect(sizes[9]).toBeLessThanOrEqual(sizes[3]!)
    expect(roundTrip(new Uint8Array(16 * MiB), 6)).toBeLessThan(4096)
    expect(roundTrip(headers(4 * MiB), 6)).toBeLessThan(roundTrip(headers(4 * MiB), 1))
    // Repeats from farther than the rows of a hash table remember; level 9 sorts.
    const once = noise(480_000)
    const parts = Array.from({ length: 10_500 }, () => once.subarray(random() % 478_500).subarray(0, 1500))
    const shuffled = Buffer.concat([once, ...parts])
    expect(roundTrip(shuffled, 6)).toBeLessThan(roundTrip(shuffled, 9) * 1.4)
  })

  it('stores what cannot be compressed, with three bytes for each 64 KiB', () => {
    for (const level of [1, 2, 6] as const) {
      expect(roundTrip(noise(4 * MiB), level)).toBeLessThanOrEqual(4 * MiB + 64 * 3 + 1)
    }
  })

  it('gives the same bytes, whatever it encoded before', () => {
    const data = Buffer.concat([prose(700_000), noise(50_000), periodic(300_000, 12)])
    for (const level of LEVELS) {
      encoder.encode(noise(1000), 9)
      encoder.encode(headers(MiB), 6)
      encoder.encode(prose(2 * MiB), level === 0 ? 6 : 0)
      const used = Buffer.from(encoder.encode(data, level))
      expect(used.equals(createLzma2Encoder().encode(data, level))).toBe(true)
    }
  })

  it('forgets that the last bucket of a block was refined in parts', () => {
    // Four bytes of the highest hash, at more positions than are sorted at a time; then a block with more pieces.
    const often = noise(15.5 * MiB).map((byte, i) => [0, 0, 0xaf, 0xd0][i % 5] ?? byte)
    const data = prose(16 * MiB)
    const used = createLzma2Encoder()
    used.encode(often, 3)
    expect(Buffer.from(used.encode(data, 3)).equals(createLzma2Encoder().encode(data, 3))).toBe(true)
  }, 60_000)

  it('is another one by name if it gives other bytes', () => {
    const parts = ['text', 'code', 'edited copy', 'noise', 'records', 'copy'] as const
    const data = buildInput(parts.map((kind, i) => ({ kind, size: 60_000, seed: i + 1, period: 24 })))
    const hash = createHash('sha256')
    for (const level of LEVELS) hash.update(encoder.encode(data, level))
    // Repeats that nothing is sorted for.
    for (const level of [3, 6, 9] as const) hash.update(encoder.encode(headers(MiB), level))
    // More positions with the same four bytes than are sorted at a time.
    const alike = buildInput([{ kind: 'noise', size: 16 * MiB, seed: 1, period: 1 }]).map((byte, i) =>
      i % 5 === 0 ? byte : 0,
    )
    hash.update(encoder.encode(alike, 6))
    expect([LZMA2_ENCODER, hash.digest('hex')]).toMatchInlineSnapshot(`
      [
        "nspawn-rootfs 8",
        "eaec47580e35513729531e2695ba0d799de585c53de5d6f5d287bbb687dddfe2",
      ]
    `)
  })

  it('is undone by xz-decompress, too', async () => {
    const data = Buffer.concat([prose(MiB), noise(100_000)])
    for (const level of [0, 3, 6, 9] as const) {
      const file = wrapXz(encoder.encode(data, level).slice(), data, lzma2DictionarySize(data.length))
      const stream = new XzReadableStream(new Blob([new Uint8Array(file)]).stream())
      expect(Buffer.from(await new Response(stream as ReadableStream).arrayBuffer()).equals(data)).toBe(true)
    }
  })

  it('refuses input that the block before has written over', () => {
    encoder.input(200_000)
    encoder.encodeInput(1000, 6)
    expect(() => encoder.encodeInput(200_000, 6)).toThrow(/the input has 1000 bytes/)
  })

  it('refuses what is no block, and no level', () => {
    expect(() => encoder.encode(new Uint8Array(2 ** 24 + 1), 6)).toThrow(RangeError)
    expect(() => encoder.encode(new Uint8Array(1), 10 as Lzma2Level)).toThrow(/level/)
    expect(() => createLzma2Encoder().encodeInput(1, 6)).toThrow(RangeError)
    for (const size of [-1, 0.5]) expect(() => encoder.encodeInput(size, 0)).toThrow(RangeError)
    expect(() => createLzma2Encoder().input(-1)).toThrow(RangeError)
  })
})
