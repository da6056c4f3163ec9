import { xz } from '@napi-rs/lzma'
import fc from 'fast-check'
import { assembleBlock, computeCheck, createStreamWriter, lzma2Filter } from '../src/xz/index.ts'

/** A part of an input: what it is made of, how long it is, and numbers whose meaning is the kind's. */
export interface Part {
  readonly kind: (typeof KINDS)[number]
  readonly size: number
  readonly seed: number
  readonly period: number
}

const KINDS = [
  'noise',
  'run',
  'periodic',
  'copy',
  'edited copy',
  'text',
  'few values',
  'code',
  'records',
  'table',
  'headers',
] as const

/** A generator of numbers below 2^32, always the same for a seed (xorshift32). */
export function createRandom(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) | 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

/** The bytes of an input: its parts one after the other; copies are of what came before. */
export function buildInput(parts: readonly Part[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { size }) => sum + size, 0))
  let at = 0
  for (const part of parts) {
    fillPart(bytes, at, part)
    at += part.size
  }
  return bytes
}

function fillPart(bytes: Uint8Array, begin: number, { kind, size, seed, period }: Part): void {
  const random = createRandom(seed)
  const end = begin + size
  const each = (byteAt: (i: number) => number) => {
    for (let i = begin; i < end; i++) bytes[i] = byteAt(i)
  }
  switch (kind) {
    case 'noise':
      each(() => random() >>> 13)
      break
    case 'run':
      bytes.fill(seed, begin, end)
      break
    case 'periodic':
      each(i => (i - begin < period ? random() >>> 13 : bytes[i - period]))
      break
    case 'copy':
      copyWithin(bytes, begin, end, seed)
      break
    case 'edited copy':
      copyWithin(bytes, begin, end, seed)
      for (let i = begin; i < end; i += 1 + (random() % (period * 4))) bytes[i] = random()
      break
    case 'text':
      each(() => 'etaoin shrdlu\n<>'.charCodeAt(Math.min(random() >>> 28, random() >>> 28)))
      break
    case 'few values':
      each(() => random() >>> (32 - 1 - (period % 7)))
      break
    case 'code':
      // Calls and moves: common opcodes, then operands of which the high bytes are alike.
      each(i => [0xe8, random() >>> 24, random() >>> 30, 0, 0, 0x48, 0x8b, random() >>> 29][i % 8])
      break
    case 'records':
      each(i => ((i - begin) % period < 4 ? (i / period) >>> (8 * (i % 4)) : random() >>> 29))
      break
    case 'table':
      // Rows of four bytes: one that counts, one that is mostly the same, and two small ones.
      each(i => {
        const isOdd = random() % (3 + (period % 14)) === 0
        if ((i - begin) % 4 === 0) return isOdd ? random() >>> 30 : seed + ((i - begin) >>> 2)
        if ((i - begin) % 4 === 1) return isOdd ? random() >>> 29 : seed >>> 8
        return isOdd || random() % 3 === 0 ? random() >>> 29 : 0
      })
      break
    case 'headers':
      // As in a tar: names that share their beginning, and a few digits that differ.
      each(i => {
        const offset = (i - begin) % 512
        if (offset < period) return 0x61 + (((offset * 7) ^ seed) % 26)
        if (offset < period + 6) return 0x61 + (random() >>> 28)
        return offset >= 400 && offset < 406 ? 0x30 + (random() >>> 29) : 0
      })
      break
  }
}

function copyWithin(bytes: Uint8Array, begin: number, end: number, seed: number): void {
  if (begin === 0) return
  const distance = 1 + (seed % begin)
  for (let i = begin; i < end; i++) bytes[i] = bytes[i - distance]
}

/** Inputs of some parts each, mostly short, rarely of several hundred KiB. */
export function arbitraryInput(sizeMax = 70_000): fc.Arbitrary<readonly Part[]> {
  const size = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2000 }), fc.nat(sizeMax))
  const period = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 300 }))
  const part = fc.record({ kind: fc.constantFrom(...KINDS), size, seed: fc.nat(), period })
  return fc.array(part, { maxLength: 8 })
}

/** A .xz file of one block, whose chunks are given. */
export function wrapXz(chunks: Uint8Array, data: Uint8Array, dictionarySize: number): Buffer {
  const writer = createStreamWriter('crc64')
  const block = assembleBlock({
    filters: [lzma2Filter(dictionarySize)],
    compressed: [chunks],
    uncompressedSize: data.length,
    check: 'crc64',
    checkValue: computeCheck('crc64', data),
  })
  const header = writer.header()
  writer.add(block)
  return Buffer.concat([header, ...block.pieces, writer.end()])
}

/** What the native decoder makes of chunks. */
export function decodeNative(chunks: Uint8Array, data: Uint8Array, dictionarySize: number): Buffer {
  return xz.decompressSync(wrapXz(chunks, data, dictionarySize))
}
