import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  ARM64_BRANCHES,
  assembleBlock,
  type BranchConverter,
  computeCheck,
  createLzma2Encoder,
  createStreamWriter,
  lzma2DictionarySize,
  lzma2Filter,
  X86_BRANCHES,
} from '../../../src/xz/index.ts'
import { needs } from '../../programs.ts'

const xz = needs('xz')

/** An .xz file of blocks that went through a converter. */
function fileOf({ filter, encode }: BranchConverter, blocks: readonly Uint8Array[]): Buffer {
  const encoder = createLzma2Encoder()
  const stream = createStreamWriter('crc64')
  const parts = [stream.header()]
  for (const bytes of blocks) {
    const converted = new Uint8Array(bytes)
    encode(converted)
    const block = assembleBlock({
      filters: [filter, lzma2Filter(lzma2DictionarySize(bytes.length))],
      compressed: [encoder.encode(converted, 0).slice()],
      uncompressedSize: bytes.length,
      check: 'crc64',
      checkValue: computeCheck('crc64', bytes),
    })
    stream.add(block)
    parts.push(...block.pieces)
  }
  return Buffer.concat([...parts, stream.end()])
}

function random(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

/** The check of each block is of the bytes before the conversion: xz verifies that it can be undone. */
function isUndone(converter: BranchConverter, blocks: readonly Uint8Array[]): boolean {
  const input = fileOf(converter, blocks)
  return execFileSync('xz', ['-dc'], { input, maxBuffer: 2 ** 30 }).equals(Buffer.concat(blocks))
}

function instructions(words: Iterable<number>): Uint8Array {
  return new Uint8Array(Uint32Array.from(words).buffer)
}

describe.skipIf(xz.skip)(`branch converters${xz.because}`, () => {
  it('of x86 are undone by xz, whatever the bytes', () => {
    const next = random(1)
    // Opcodes side by side, and the bytes that decide whether they are taken for such.
    const alphabet = [0xe8, 0xe9, 0x00, 0xff, 0x01, 0xe8, 0x00, 0xff, 0xfe]
    const blocks = Array.from({ length: 2000 }, () =>
      Uint8Array.from({ length: next() % 200 }, () => alphabet[next() % alphabet.length]!),
    )
    expect(isUndone(X86_BRANCHES, blocks)).toBe(true)
  })

  it('of ARM64 are undone by xz, whatever the bytes', () => {
    const next = random(3)
    // Both instructions, with distances of every sign and size, and what is neither; sizes that end within one.
    const opcodes = [0x9400_0000, 0x9000_0000, 0xb000_0000, 0x97ff_0000, 0x90ff_ffe0, 0xd65f_03c0]
    const word = () => (opcodes[next() % opcodes.length]! | (next() & (2 ** (next() % 27) - 1))) >>> 0
    const blocks = Array.from({ length: 2000 }, () => {
      return instructions(Array.from({ length: 1 + (next() % 60) }, word)).subarray(next() % 4)
    })
    expect(isUndone(ARM64_BRANCHES, blocks)).toBe(true)
    // Positions past the first page, and past what ADRP reaches.
    expect(isUndone(ARM64_BRANCHES, [instructions(Array.from({ length: 3_000_000 }, word))])).toBe(true)
  })

  it.each([X86_BRANCHES, ARM64_BRANCHES])('are undone by xz for a program: %#', converter => {
    const program = readFileSync(process.execPath)
    expect(isUndone(converter, [program.subarray(0, 2 ** 24), program.subarray(2 ** 24, 2 ** 25)])).toBe(true)
  })
})

describe('what gains from a converter', () => {
  const next = random(2)
  const nothing = new Uint8Array(0)
  const text = Buffer.from('the quick brown fox '.repeat(1000))
  const noise = new Uint8Array(100_000).map(() => next())

  it('is x86 code, and not text, noise, or tables that look like calls', () => {
    const code = new Uint8Array(100_000).map(() => 0x90)
    const functions = Array.from({ length: 50 }, () => next() % code.length)
    for (let at = 0; at + 5 < code.length; at += 20 + (next() % 20)) {
      code[at] = 0xe8
      new DataView(code.buffer).setInt32(at + 1, functions[next() % functions.length]! - at - 5, true)
    }
    const table = new Uint8Array(100_000)
    for (let at = 0; at + 8 < table.length; at += 8) table.set([0xe8, next() % 8, 1, 0, 0], at)
    expect(X86_BRANCHES.gains(code)).toBe(true)
    for (const other of [nothing, text, noise, table]) expect(X86_BRANCHES.gains(other)).toBe(false)
    expect(ARM64_BRANCHES.gains(code)).toBe(false)
  })

  it('is ARM64 code, and not text, noise, or tables that look like calls', () => {
    const functions = Array.from({ length: 50 }, () => next() % 25_000)
    const call = (at: number) => (0x9400_0000 | ((functions[next() % 50]! - at) & 0x3ff_ffff)) >>> 0
    const code = instructions(Array.from({ length: 25_000 }, (_, at) => (next() % 8 ? 0xd503_201f : call(at))))
    const table = instructions(Array.from({ length: 25_000 }, () => 0x9400_0000 + (next() % 8)))
    expect(ARM64_BRANCHES.gains(code)).toBe(true)
    for (const other of [nothing, text, noise, table]) expect(ARM64_BRANCHES.gains(other)).toBe(false)
    expect(X86_BRANCHES.gains(code)).toBe(false)
  })
})
