import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createByteInput, UnpackError, type UnpackEvent, unpack } from '../../../src/unpack/index.ts'
import { needs } from '../../programs.ts'

const compress = (bytes: Uint8Array, ...options: string[]) =>
  execFileSync('bzip2', ['-c', ...options], { input: bytes, maxBuffer: Number.POSITIVE_INFINITY })

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const decodeBzip2 = (bytes: AsyncIterable<Uint8Array>, onEvent: (event: UnpackEvent) => void = () => {}) =>
  unpack(createByteInput(bytes), { compression: 'bzip2', onEvent })

/** What comes out, and the code of the error at its end, or of the bytes behind it, if there are any. */
async function decode(bytes: Uint8Array, size = 4096): Promise<{ readonly text: Buffer; readonly code?: string }> {
  const pieces: Uint8Array[] = []
  let code: string | undefined
  const onEvent = (event: UnpackEvent) => {
    if (event.kind === 'trailing') code = `${event.size} TRAILING`
  }
  try {
    for await (const piece of decodeBzip2(cut(bytes, size), onEvent)) pieces.push(piece)
  } catch (error) {
    if (!(error instanceof UnpackError)) throw error
    code = error.code
  }
  return { text: Buffer.concat(pieces), ...(code !== undefined && { code }) }
}

const TEXT = Buffer.from(Array.from({ length: 3000 }, (_, i) => `line ${i * i} of some text\n`).join(''))

const bzip2 = needs('bzip2')
describe.skipIf(bzip2.skip)(`what bzip2 makes${bzip2.because}`, () => {
  it('is undone, whatever it holds', async () => {
    const runs = fc.array(fc.tuple(fc.nat(255), fc.integer({ min: 1, max: 700 })), { maxLength: 60 })
    const text = fc.oneof(
      fc.uint8Array({ maxLength: 3000 }),
      runs.map(list => Buffer.concat(list.map(([byte, length]) => Buffer.alloc(length, byte)))),
    )
    await fc.assert(
      fc.asyncProperty(text, fc.integer({ min: 1, max: 5000 }), async (bytes, size) => {
        const { text, code } = await decode(compress(bytes), size)
        expect(code).toBeUndefined()
        expect(text.equals(bytes)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it.each(['-1', '-9'])('is undone across blocks: %s', async option => {
    const bytes = Buffer.concat(Array.from({ length: 20 }, () => TEXT))
    expect((await decode(compress(bytes, option))).text.equals(bytes)).toBe(true)
  })

  it('is undone in several streams, each of which but the first is told', async () => {
    const streams = [TEXT, Buffer.alloc(0), Buffer.from('x')]
    const told: UnpackEvent[] = []
    const pieces: Uint8Array[] = []
    const file = Buffer.concat(streams.map((stream, i) => compress(stream, `-${i + 1}`)))
    for await (const piece of decodeBzip2(cut(file, 7), event => told.push(event))) pieces.push(piece)
    expect(Buffer.concat(pieces).equals(Buffer.concat(streams))).toBe(true)
    expect(told).toEqual([2, 3].map(number => ({ kind: 'part', number })))
  })

  it('is found to be cut off, wherever that is', async () => {
    const file = compress(TEXT)
    for (let length = 0; length < file.length; length += length > 40 && length < file.length - 40 ? 101 : 1) {
      expect((await decode(file.subarray(0, length))).code).toBe('UNPACK_TRUNCATED')
    }
  })

  it('is found to be damaged, wherever that is', async () => {
    const file = compress(TEXT)
    const places = fc.tuple(fc.nat(file.length * 8 - 1))
    await fc.assert(
      fc.asyncProperty(places, async ([bit]) => {
        const damaged = Buffer.from(file)
        damaged[bit >> 3]! ^= 1 << (bit & 7)
        const { text, code } = await decode(damaged)
        // The digit of the header only says how long blocks may be, and the last bits pad a byte.
        if (code === undefined) expect(text.equals(TEXT)).toBe(true)
      }),
    )
  })

  it.each(['x', 'BZ', 'BZhx', '\0\0\0\0\0\0'])('is given whole where %j comes behind it', async behind => {
    const { text, code } = await decode(Buffer.concat([compress(TEXT), Buffer.from(behind)]))
    expect(code).toBe(`${behind.length} TRAILING`)
    expect(text.equals(TEXT)).toBe(true)
  })

  it('is given in small pieces, and read no further than they are taken', async () => {
    const file = compress(Buffer.alloc(50_000_000))
    let read = 0
    const source = (async function* () {
      for await (const byte of cut(Buffer.concat([file, file, file]), 1)) {
        read++
        yield byte
      }
    })()
    let size = 0
    for await (const piece of decodeBzip2(source)) {
      expect(piece.length).toBeLessThanOrEqual(65_536)
      size += piece.length
      if (size > 60_000_000) break
    }
    expect(file.length).toBeLessThan(200)
    // A block in front of the second file's end was enough; what is read ahead is little more than one of its groups.
    expect(read).toBe(3 * file.length)
    expect(await source.next()).toMatchObject({ done: true })
  })
})

describe('bytes that are no bzip2', () => {
  it.each([
    ['', 'UNPACK_TRUNCATED'],
    ['BZh', 'UNPACK_TRUNCATED'],
    ['BZh0', 'UNPACK_CORRUPT'],
    ['text that is longer', 'UNPACK_CORRUPT'],
    ['BZh9 and then text', 'UNPACK_CORRUPT'],
  ])('are told: %j', async (text, code) => {
    expect(await decode(Buffer.from(text))).toMatchObject({ code, text: Buffer.alloc(0) })
  })
})
