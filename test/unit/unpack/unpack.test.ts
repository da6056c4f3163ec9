import { execFileSync } from 'node:child_process'
import { createBrotliDecompress, gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  COMPRESSIONS,
  type Compression,
  createByteInput,
  UNPACK_LIMITS,
  UnpackError,
  type UnpackEvent,
  unpack,
  unpackWith,
} from '../../../src/unpack/index.ts'
import type { UnpackOptions } from '../../../src/unpack/options.ts'
import { compress } from '../../binary-cache.ts'
import { ZSTD_FRAMES_ARE_COUNTED } from '../../zstd-frames.ts'

const TEXT = Buffer.from(Array.from({ length: 4000 }, (_, i) => `line ${i * i} of some text\n`).join(''))
const FILES = Object.fromEntries(COMPRESSIONS.map(name => [name, Buffer.from(compress(TEXT, name))])) as Readonly<
  Record<Compression, Buffer>
>
/** What may be of several parts, each compressed by itself. */
const IN_PARTS = ['xz', 'zstd', 'gzip', 'bzip2', 'lz4', 'lzip'] as const

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size)
}

/** What comes out, the events, and the code of the error at the end, if there is one. */
async function outcomeOf(bytes: AsyncIterable<Uint8Array>, options: UnpackOptions) {
  const pieces: Uint8Array[] = []
  const events: UnpackEvent[] = []
  let code: string | undefined
  try {
    const onEvent = (event: UnpackEvent) => events.push(event)
    for await (const piece of unpack(createByteInput(bytes), { onEvent, ...options })) pieces.push(Buffer.from(piece))
  } catch (error) {
    if (!(error instanceof UnpackError)) throw error
    code = error.code
  }
  return { text: Buffer.concat(pieces), events, code }
}
const textOf = async (file: Uint8Array, compression: Compression, size = 65_536) => {
  const { text, code } = await outcomeOf(cut(file, size), { compression })
  expect(code).toBeUndefined()
  return text
}

describe.each(COMPRESSIONS)('a file of %s', compression => {
  const file = FILES[compression]

  it.each([1, 1000, 1_000_000])('is unpacked from pieces of %i bytes', async size => {
    expect((await textOf(file, compression, size)).equals(TEXT)).toBe(true)
  })

  it('throws what its source throws, and nothing else', async () => {
    const broken = new Error('no disk')
    const source = (async function* () {
      yield* cut(file.subarray(0, file.length / 2), 1000)
      throw broken
    })()
    await expect(outcomeOf(source, { compression })).rejects.toBe(broken)
  })

  it('is read no further than it is taken, and its source ends when its reader stops', async () => {
    const many = compress(Buffer.concat(Array.from({ length: 300 }, () => TEXT)), compression)
    // Much of it stands for little, or the decoder reads ahead.
    const size = Math.ceil(many.length / 1000)
    let read = 0
    const ended = Promise.withResolvers<void>()
    const source = (async function* () {
      try {
        for await (const piece of cut(many, size)) {
          read += piece.length
          yield piece
        }
      } finally {
        ended.resolve()
      }
    })()
    let unpacked = 0
    for await (const piece of unpack(createByteInput(source), { compression })) {
      unpacked += piece.length
      break
    }
    await ended.promise
    expect(unpacked).toBeGreaterThan(0)
    expect(unpacked).toBeLessThan(TEXT.length * 300)
    if (compression !== 'lzma' && compression !== 'lzip') expect(read).toBeLessThan(many.length)
  })
})

describe.each(COMPRESSIONS.filter(name => name !== 'none' && name !== 'lzma'))('a file of %s that is cut off', name => {
  const file = FILES[name]

  it('is found to be so, wherever that is', async () => {
    const lengths = fc.integer({ min: 1, max: file.length - 1 })
    await fc.assert(
      fc.asyncProperty(lengths, async length => {
        const { code } = await outcomeOf(cut(file.subarray(0, length), 999), { compression: name })
        expect(code).toMatch(/UNPACK_TRUNCATED|UNPACK_CORRUPT/)
        if (length > 20 && name !== 'lzip') expect(code).toBe('UNPACK_TRUNCATED')
      }),
      { numRuns: 30 },
    )
  })
})

describe.each(IN_PARTS)('several parts of %s', compression => {
  const parts = [TEXT.subarray(0, 50_000), Buffer.alloc(0), TEXT.subarray(50_000)]
  const file = Buffer.concat(parts.map(part => compress(part, compression)))

  it('are unpacked one behind the other', async () => {
    for (const size of [1, 777, 1_000_000]) {
      const { text, events, code } = await outcomeOf(cut(file, size), { compression })
      expect(code).toBeUndefined()
      expect(text.equals(TEXT)).toBe(true)
      const told = compression === 'gzip' || compression === 'bzip2' ? [2, 3] : []
      expect(events.flatMap(event => (event.kind === 'part' ? [event.number] : []))).toEqual(told)
    }
  })

  it('throw what their source throws behind the first of them', async () => {
    const broken = new Error('no disk')
    const parts = [compress(TEXT, compression), compress(TEXT, compression)]
    const pieces = [parts, [parts[0], parts[1].subarray(0, 10)], [parts[0]]].map(all => Buffer.concat(all))
    for (const piece of pieces) {
      const source = (async function* () {
        yield piece
        throw broken
      })()
      await expect(outcomeOf(source, { compression })).rejects.toBe(broken)
    }
  })

  it('are refused, or told, with something behind them', async () => {
    const file = Buffer.concat([FILES[compression], Buffer.alloc(100_000, 'x')])
    for (const size of [1, 777, 1_000_000]) {
      const { text, events, code } = await outcomeOf(cut(file, size), { compression })
      expect(text.equals(TEXT)).toBe(true)
      const trailing = events.find(({ kind }) => kind === 'trailing')
      if (code !== undefined) expect(code).toBe('UNPACK_CORRUPT')
      else expect(trailing).toMatchObject({ size: 100_000 })
      expect(trailing === undefined).toBe(['zstd', 'lz4'].includes(compression))
    }
  })
})

it.each([65_536, 1e9])(
  'of small lzip members, in pieces of %d bytes, few bytes are read more than once',
  async size => {
    const contents = TEXT.subarray(0, 3000)
    const file = Buffer.concat(new Array(1000).fill(compress(contents, 'lzip')))
    let again = 0
    const input = createByteInput(cut(file, size))
    const { unread } = input
    const counting = Object.defineProperty(input, 'unread', {
      value: (bytes: Uint8Array) => {
        again += bytes.length
        unread(bytes)
      },
    })
    let unpacked = 0
    for await (const piece of unpack(counting, { compression: 'lzip' })) unpacked += piece.length
    expect(unpacked).toBe(1000 * contents.length)
    expect(again).toBeLessThan(64 * file.length)
  },
)

describe('lz4 blocks that refer to those before', () => {
  const text = Buffer.concat([TEXT, Buffer.alloc(5_000_000), TEXT, TEXT])

  it.each(['32', '1000', '4', '7'])('are unpacked: -B%s', async size => {
    const file = execFileSync('lz4', ['-c', '-BD', `-B${size}`], { input: text, stdio: 'pipe', maxBuffer: 1e8 })
    expect((await textOf(file, 'lz4')).equals(text)).toBe(true)
  })
})

describe('what is told', () => {
  it('is padding behind gzip and lzip, and part of xz', async () => {
    const padded = (name: Compression) =>
      outcomeOf(cut(Buffer.concat([FILES[name], Buffer.alloc(8)]), 100), { compression: name })
    for (const name of ['gzip', 'lzip'] as const) {
      expect((await padded(name)).events).toEqual([{ kind: 'trailing', size: 8, isPadding: true }])
    }
    expect((await padded('xz')).events).toEqual([{ kind: 'xz-filters', ids: new Set([0x21]) }])
  })

  it('may end the unpacking', async () => {
    const refusal = new Error('not this')
    const onEvent = () => {
      throw refusal
    }
    const unpacking = outcomeOf(cut(FILES.xz, 1000), { compression: 'xz', onEvent })
    await expect(unpacking).rejects.toBe(refusal)
  })
})

describe('limits', () => {
  const few = { ...UNPACK_LIMITS, bytes: 1000, bytesPerByte: 2, parts: 2, bytesPerPart: 1e6 }

  it.each(COMPRESSIONS)('bound what comes out of %s', async compression => {
    const { code, text } = await outcomeOf(cut(FILES[compression], 100), { compression, limits: few })
    expect(code).toBe(compression === 'none' ? undefined : 'UNPACK_TOO_LARGE')
    if (compression !== 'none') expect(text.length).toBeLessThan(TEXT.length)
  })

  it.each([
    ['gzip', gzipSync('x')],
    ['zstd', zstdCompressSync('x')],
    ['lzip', Buffer.from(compress(Buffer.from('x'), 'lzip'))],
  ] as const)('bound the parts of %s', async (compression, part) => {
    const outcome = (count: number) =>
      outcomeOf(cut(Buffer.concat(Array.from({ length: count }, () => part)), part.length - 1), {
        compression,
        limits: few,
      })
    const isCounted = compression !== 'zstd' || ZSTD_FRAMES_ARE_COUNTED
    expect((await outcome(5)).code).toBe(isCounted ? 'UNPACK_TOO_MANY_PARTS' : undefined)
    expect((await outcome(1)).code).toBeUndefined()
  })
})

it('a decoder of Node that is given fails with the words of Node', async () => {
  const pieces: Uint8Array[] = []
  const read = async (file: Uint8Array) => {
    for await (const piece of unpackWith(createByteInput(cut(file, 100)), createBrotliDecompress)) pieces.push(piece)
  }
  await read(FILES.br)
  expect(Buffer.concat(pieces).equals(TEXT)).toBe(true)
  await expect(read(FILES.br.subarray(0, -1))).rejects.toThrow('unexpected end of file')
})
