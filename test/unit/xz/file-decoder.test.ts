import { createHash } from 'node:crypto'
import { xz } from '@napi-rs/lzma'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  createXzDecoder,
  decodeStreamFooter,
  STREAM_HEADER_SIZE,
  type XzDecoder,
  type XzDecoderOptions,
  XzError,
} from '../../../src/xz/index.ts'
import { arbitraryInput, buildInput, wrapXz } from '../../lzma2-inputs.ts'

const options = { createSha256: () => createHash('sha256') }

/** Decodes a file that arrives in pieces of `size` bytes. */
function decode(
  file: Uint8Array,
  size = file.length,
  more: XzDecoderOptions = {},
): { data: Buffer; decoder: XzDecoder } {
  const decoder = createXzDecoder({ ...options, ...more })
  const pieces: Uint8Array[] = []
  try {
    for (let at = 0; at < file.length; at += size) pieces.push(...decoder.push(file.slice(at, at + size)))
    decoder.end()
  } finally {
    decoder.close()
  }
  return { data: Buffer.concat(pieces), decoder }
}

const numbers = Buffer.from(Array.from({ length: 30_000 }, (_, i) => `${i * i}\n`).join(''))
const file = xz.compressSync(numbers)
/** Gives its data in several pieces. */
const long = xz.compressSync(Buffer.concat(Array.from({ length: 40 }, () => numbers)))
/** `printf a | xz --check=sha256`. */
const hashed = Buffer.from(
  '/Td6WFoAAArh+wyhAgAhARYAAAB0L+WjAQAAYQAAAADKl4ESyhu9yvrCMbOaI9xNp4bv+BR8TnK5gHeFr+5IuwABMQEPgtyRGJtLmgEAAAAAClla',
  'base64',
)

describe('createXzDecoder', () => {
  it('refuses a match from as far as 2^32, with which LZMA ends', () => {
    // printf a | xz --format=raw --lzma1=dict=4KiB,lc=3,lp=0,pb=2
    const lzma = Buffer.from('0030c1fbffffffe0000000', 'hex')
    const chunk = Buffer.concat([Buffer.of(0xe0, 0, 2, 0, lzma.length - 1, 0x5d), lzma, Buffer.of(0)])
    decode(file)
    expect(() => decode(wrapXz(chunk, Buffer.from('a00'), 4096))).toThrow(/the data of an LZMA2 chunk is damaged/)
  })

  it.each(['Uint8Array', 'Buffer'])('keeps nothing of a piece, which is a %s whose memory is used again', kind => {
    const memory = kind === 'Buffer' ? Buffer.alloc(7) : new Uint8Array(7)
    const decoder = createXzDecoder(options)
    const pieces: Uint8Array[] = []
    for (let at = 0; at < file.length; at += memory.length) {
      const piece = memory.subarray(0, Math.min(memory.length, file.length - at))
      piece.set(file.subarray(at, at + piece.length))
      pieces.push(...decoder.push(piece))
    }
    decoder.end()
    decoder.close()
    expect(Buffer.concat(pieces).equals(numbers)).toBe(true)
  })

  it('gives back what was compressed, wherever the file is cut', () => {
    fc.assert(
      fc.property(arbitraryInput(100_000), fc.integer({ min: 1, max: 70_000 }), (parts, size) => {
        const data = buildInput(parts)
        const compressed = xz.compressSync(data)
        expect(decode(compressed, size).data.equals(data)).toBe(true)
      }),
      { numRuns: 30 },
    )
  })

  it('goes through streams with padding between them', () => {
    const padding = (words: number) => new Uint8Array(4 * words)
    fc.assert(
      fc.property(
        fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }),
        fc.integer({ min: 1, max: 5000 }),
        (words, size) => {
          const streams = words.flatMap(count => [file, padding(count)])
          const { data, decoder } = decode(Buffer.concat(streams), size)
          expect(data.equals(Buffer.concat(words.map(() => numbers)))).toBe(true)
          expect(decoder).toMatchObject({ isAtEnd: true, behind: 0 })
        },
      ),
      { numRuns: 20 },
    )
  })

  it.each([1, 3, 4, 5, 100_000])('counts %d bytes behind the end that begin no stream', size => {
    const { data, decoder } = decode(Buffer.concat([file, Buffer.alloc(8), Buffer.alloc(size, 'x')]), 4096)
    expect(data.equals(numbers)).toBe(true)
    expect(decoder).toMatchObject({ isAtEnd: true, behind: size })
  })

  it('passes over megabytes of padding, and behind the end', () => {
    const decoder = createXzDecoder()
    const push = (bytes: Uint8Array) => Buffer.concat([...decoder.push(bytes)])
    push(file)
    const zeros = new Uint8Array(2 ** 20)
    for (let i = 0; i < 16; i++) push(zeros)
    expect(push(file).equals(numbers)).toBe(true)
    expect(decoder).toMatchObject({ isAtEnd: true, behind: 0 })
    const rest = new Uint8Array(2 ** 20).fill(1)
    for (let i = 0; i < 16; i++) push(rest)
    expect(decoder).toMatchObject({ isAtEnd: true, behind: 16 * 2 ** 20 })
    decoder.close()
  })

  it('says where a file is cut', () => {
    for (let size = 0; size < file.length; size += 997) {
      expect(() => decode(file.subarray(0, size), 100)).toThrow(
        expect.objectContaining({ code: 'XZ_TRUNCATED', message: expect.stringContaining(`after ${size} bytes`) }),
      )
    }
  })

  it('finds a first byte of coded data that is not 0, though it decides nothing', () => {
    // Behind the headers of the stream (12 bytes), of the block and of the chunk (6).
    const at = 12 + (file[12]! + 1) * 4 + 6
    expect(file[at]).toBe(0)
    for (const byte of [1, 0x80, 0xff]) {
      expect(() => decode(file.with(at, byte))).toThrow(expect.objectContaining({ code: 'XZ_LZMA2' }))
    }
  })

  it('finds every changed byte, and never takes another error for damage', () => {
    fc.assert(
      fc.property(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(file)
        damaged[at] ^= change
        expect(() => decode(damaged, 777)).toThrow(XzError)
      }),
      { numRuns: 300 },
    )
  })

  it('decodes on with memory that was used for a damaged file', () => {
    for (let at = 100; at < file.length; at += 5003) {
      const damaged = Buffer.from(file)
      damaged[at] ^= 1
      expect(() => decode(damaged)).toThrow(XzError)
      expect(decode(file).data.equals(numbers)).toBe(true)
    }
  })

  it('keeps a dictionary of bounded size', () => {
    const far = Buffer.concat([numbers, Buffer.alloc(100_000), numbers])
    const compressed = xz.compressSync(far)
    expect(decode(compressed, 4096, { dictionaryMax: far.length }).data.equals(far)).toBe(true)
    expect(() => decode(compressed, 4096, { dictionaryMax: 4096 })).toThrow(
      expect.objectContaining({
        code: 'XZ_TOO_LARGE',
        message: expect.stringMatching(/dictionary of \d+ bytes, of which only 4096/),
      }),
    )
  })

  it('passes over the check of the data, and nothing else, if asked to', () => {
    const wrong = Buffer.from(file)
    const { backwardSize } = decodeStreamFooter(file.subarray(-STREAM_HEADER_SIZE))
    const checkEnd = file.length - STREAM_HEADER_SIZE - backwardSize
    wrong[checkEnd - 1] ^= 1
    expect(() => decode(wrong)).toThrow(expect.objectContaining({ code: 'XZ_CHECK' }))
    expect(decode(wrong, 4096, { verifyData: false }).data.equals(numbers)).toBe(true)
    wrong[checkEnd + 2] ^= 1
    expect(() => decode(wrong, 4096, { verifyData: false })).toThrow(expect.objectContaining({ code: 'XZ_MISMATCH' }))
  })

  it('takes no more bytes once it is closed', () => {
    const decoder = createXzDecoder()
    decoder.close()
    decoder.close()
    expect(() => decoder.push(file)).toThrow(TypeError)
  })

  it.each([
    ['XZ_MAGIC', new Uint8Array(20).fill(1)],
    ['XZ_CRC32', file.with(8, file[8]! ^ 1)],
  ])('throws the same again after %s', (code, damaged) => {
    const decoder = createXzDecoder()
    const push = () => void decoder.push(damaged).next()
    expect(push).toThrow(expect.objectContaining({ code }))
    for (const call of [push, push, () => decoder.end()]) expect(call).toThrow(expect.objectContaining({ code }))
    decoder.close()
    expect(push).toThrow(/^the decoder is closed$/)
  })

  it('throws what the hash of the caller threw again, were it undefined', () => {
    const decoder = createXzDecoder({
      createSha256: () => {
        throw undefined
      },
    })
    const push = () => {
      try {
        return decoder.push(hashed).next()
      } catch (error) {
        return { error }
      }
    }
    expect([push(), push()]).toEqual([{ error: undefined }, { error: undefined }])
    decoder.close()
  })

  it('refuses more bytes while the data of the last ones is not taken to its end', () => {
    const decoder = createXzDecoder()
    const pieces = decoder.push(file)
    pieces.next()
    expect(() => decoder.push(file)).toThrow(/^iterate the data of a push to its end before/)
    expect(() => decoder.end()).toThrow(/^iterate the data of a push to its end before/)
    pieces.return()
    expect(() => decoder.push(file)).toThrow(TypeError)
    decoder.close()
  })

  it('goes no further in a push once it is closed, while another decoder works', () => {
    const first = createXzDecoder()
    const started = first.push(long)
    expect(started.next().value!.length).toBeGreaterThan(0)
    first.close()
    const second = createXzDecoder()
    const data = [...second.push(file.subarray(0, 5000))]
    expect(() => started.next()).toThrow(/^the decoder is closed$/)
    data.push(...second.push(file.subarray(5000)))
    second.end()
    second.close()
    expect(Buffer.concat(data).equals(numbers)).toBe(true)
  })

  it('reads nothing of a push once it is closed', () => {
    const decoder = createXzDecoder()
    const pieces = decoder.push(file)
    decoder.close()
    expect(() => pieces.next()).toThrow(/^the decoder is closed$/)
  })

  it('keeps its memory to itself when it is closed by the hash that it has called', () => {
    const second: { decoder?: XzDecoder; data: Uint8Array[] } = { data: [] }
    const first = createXzDecoder({
      createSha256() {
        first.close()
        second.decoder = createXzDecoder()
        second.data.push(...second.decoder.push(file.subarray(0, 5000)))
        return createHash('sha256')
      },
    })
    expect(() => first.push(hashed).next()).toThrow(/^the decoder is closed$/)
    second.data.push(...second.decoder!.push(file.subarray(5000)))
    second.decoder!.end()
    second.decoder!.close()
    expect(Buffer.concat(second.data).equals(numbers)).toBe(true)
  })
})
