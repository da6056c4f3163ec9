import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { FORMATS, type ImageFormat } from '../../../src/compression.ts'
import { decodeBlockHeader, FILTER_ARM64, FILTER_LZMA2 } from '../../../src/xz/index.ts'
import { bytesOfBlock, containerAt, ENCODING_FORMATS, encodeBlock, noise, prose } from './containers.ts'

// Some versions of a native encoder store what they should compress (@napi-rs/lzma 1.4.5), without a word.
const text = prose(300_000)
const random = noise(300_000)
const LEVELS = [0, 1, 6, 9]

describe.each(ENCODING_FORMATS)('%s', format => {
  // Level 0 of gzip is to store.
  const compressing = format === 'tar.gz' ? LEVELS.slice(1) : LEVELS
  it.each(compressing)('makes text a fifth or less at level %d', async level => {
    expect(bytesOfBlock(await encodeBlock(format, text, level)).length).toBeLessThan(text.length / 5)
  })

  it.each(LEVELS)('makes noise larger by no more than a hundredth at level %d', async level => {
    const block = await encodeBlock(format, random, level)
    expect(bytesOfBlock(block).length).toBeGreaterThan(random.length * 0.99)
    expect(bytesOfBlock(block).length).toBeLessThan(random.length * 1.01)
  })

  it('does better at level 9 than at level 1', async () => {
    const source = readFileSync(new URL('../../../package-lock.json', import.meta.url))
    const sizeAt = async (level: number) => bytesOfBlock(await encodeBlock(format, source, level)).length
    expect(await sizeAt(9)).toBeLessThan(await sizeAt(1))
  })

  it.each(LEVELS)('gives the same bytes every time at level %d', async level => {
    const [one, two] = [await encodeBlock(format, text, level), await encodeBlock(format, text.slice(), level)]
    expect(bytesOfBlock(one).equals(bytesOfBlock(two))).toBe(true)
  })

  it('only reads what it encodes, if it is shared memory, too', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(text.length))
    shared.set(text)
    const block = await encodeBlock(format, shared)
    expect(Buffer.compare(shared, text)).toBe(0)
    expect(bytesOfBlock(block).equals(bytesOfBlock(await encodeBlock(format, text)))).toBe(true)
    expect(block.pieces.every(piece => piece.buffer instanceof ArrayBuffer)).toBe(true)
  })
})

describe('tar.xz', () => {
  it('converts the branches of ARM64 code where it may', () => {
    // Calls of eight functions, one in eight instructions.
    const words = Uint32Array.from({ length: 50_000 }, (_, at) => {
      return at % 8 ? 0xd503_201f : 0x9400_0000 | (((((at >> 3) * 7) % 8) * 5000 - at) & 0x3ff_ffff)
    })
    const code = new Uint8Array(words.buffer)
    const encode = (arm64Branches: boolean) => {
      const { pieces } = containerAt('tar.xz', 1, arm64Branches).blocks!.encode(code)
      const bytes = Buffer.concat(pieces)
      return { size: bytes.length, filters: decodeBlockHeader(bytes).filters.map(({ id }) => id) }
    }
    const plain = encode(false)
    const converted = encode(true)
    expect(plain.filters).toEqual([FILTER_LZMA2])
    expect(converted.filters).toEqual([FILTER_ARM64, FILTER_LZMA2])
    expect(converted.size).toBeLessThan(plain.size)
  })
})

describe('containers', () => {
  it('cut blocks at whole tar blocks', () => {
    for (const format of FORMATS) expect(containerAt(format).blockSize % 512).toBe(0)
  })

  it('name the encoder and the level, but for a plain tar', () => {
    const describe = (format: ImageFormat, level: number) => containerAt(format, level).description
    expect(describe('tar', 6)).toBe('none')
    for (const format of ENCODING_FORMATS) {
      expect(describe(format, 7)).toMatch(/\b7\b/)
      expect(describe(format, 7)).not.toBe(describe(format, 8))
    }
    const arm64 = containerAt('tar.xz', 7, true).description
    expect(arm64).not.toBe(describe('tar.xz', 7))
  })
})
