import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  assembleBlock,
  computeCheck,
  createLzma2Encoder,
  createStreamWriter,
  encodeX86Branches,
  gainsFromX86Branches,
  lzma2Filter,
  x86Filter,
} from '../../../src/xz/index.ts'
import { needs } from '../../programs.ts'

const xz = needs('xz')

/** An .xz file of blocks that went through the converter. */
function fileOf(blocks: readonly Uint8Array[]): Buffer {
  const encoder = createLzma2Encoder()
  const stream = createStreamWriter('crc64')
  const parts = [stream.header()]
  for (const bytes of blocks) {
    const converted = new Uint8Array(bytes)
    encodeX86Branches(converted)
    const block = assembleBlock({
      filters: [x86Filter(), lzma2Filter(1 << 20)],
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

describe.skipIf(xz.skip)(`the x86 branch converter${xz.because}`, () => {
  // The check of each block is of the bytes before the conversion: xz verifies that it can be undone.
  const unpack = (blocks: readonly Uint8Array[]) =>
    execFileSync('xz', ['-dc'], { input: fileOf(blocks), maxBuffer: 2 ** 30 }).equals(Buffer.concat(blocks))

  it('is undone by xz, whatever the bytes', () => {
    const next = random(1)
    // Opcodes side by side, and the bytes that decide whether they are taken for such.
    const alphabet = [0xe8, 0xe9, 0x00, 0xff, 0x01, 0xe8, 0x00, 0xff, 0xfe]
    const blocks = Array.from({ length: 2000 }, () =>
      Uint8Array.from({ length: next() % 200 }, () => alphabet[next() % alphabet.length]!),
    )
    expect(unpack(blocks)).toBe(true)
  })

  it('is undone by xz for a program', () => {
    const program = readFileSync(process.execPath)
    expect(unpack([program.subarray(0, 2 ** 24), program.subarray(2 ** 24, 2 ** 25)])).toBe(true)
  })
})

describe('what gains from the converter', () => {
  it('is x86 code, and not text, noise, or tables that look like calls', () => {
    const next = random(2)
    const code = new Uint8Array(100_000).map(() => 0x90)
    const functions = Array.from({ length: 50 }, () => next() % code.length)
    for (let at = 0; at + 5 < code.length; at += 20 + (next() % 20)) {
      code[at] = 0xe8
      new DataView(code.buffer).setInt32(at + 1, functions[next() % functions.length]! - at - 5, true)
    }
    expect(gainsFromX86Branches(code)).toBe(true)
    expect(gainsFromX86Branches(new Uint8Array(0))).toBe(false)
    expect(gainsFromX86Branches(Buffer.from('the quick brown fox '.repeat(1000)))).toBe(false)
    expect(gainsFromX86Branches(new Uint8Array(100_000).map(() => next()))).toBe(false)
    const table = new Uint8Array(100_000)
    for (let at = 0; at + 8 < table.length; at += 8) table.set([0xe8, next() % 8, 1, 0, 0], at)
    expect(gainsFromX86Branches(table)).toBe(false)
  })
})
