import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { createFilterChain } from '../../../src/xz/filters/filter-chain.ts'
import type { Filter } from '../../../src/xz/index.ts'
import { needs } from '../../programs.ts'

const xz = needs('xz')

/** The filters that xz 5.4 knows: option, ID, and bytes that are taken for instructions when they come together. */
const CONVERTERS: readonly (readonly [name: string, id: number, alphabet: readonly number[]])[] = [
  ['x86', 0x04, [0xe8, 0xe9, 0x00, 0xff, 0x01, 0xfe]],
  ['powerpc', 0x05, [0x48, 0x4b, 0x01, 0x05, 0x00, 0xff]],
  ['ia64', 0x06, [0x10, 0x12, 0x16, 0x50, 0x00, 0x05, 0xa0, 0x14]],
  ['arm', 0x07, [0xeb, 0x00, 0x01, 0xff]],
  ['armthumb', 0x08, [0xf0, 0xf8, 0xf7, 0xff, 0x01]],
  ['sparc', 0x09, [0x40, 0x7f, 0xc0, 0xff, 0x00, 0x3f]],
  ['arm64', 0x0a, [0x94, 0x97, 0x90, 0xb0, 0xf0, 0x00, 0xff, 0xe0]],
]

/** None, one of several bytes, and one that is passed by 2^32 within the data. */
const START_OFFSETS = [0, 0x1234_5670, 0xffff_ff00]

function random(seed: number): () => number {
  let state = seed
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
}

function instructions(alphabet: readonly number[], seed: number): Uint8Array {
  const next = random(seed)
  return new Uint8Array(300_001).map(() => (next() % 8 ? alphabet[next() % alphabet.length]! : next()))
}

/** Runs xz on a bare chain of filters: those of `options`, and LZMA2. */
function raw(options: readonly string[], input: Uint8Array): Buffer {
  return execFileSync('xz', ['--format=raw', '-c', ...options, '--lzma2=preset=0'], { input, maxBuffer: 2 ** 30 })
}

/** What LZMA2 holds of a block that xz encodes with filters before it. */
function encode(options: readonly string[], bytes: Uint8Array): Buffer {
  return raw(['-d'], raw(options, bytes))
}

/** What xz gives for a block of which LZMA2 holds `bytes`. */
function decode(options: readonly string[], bytes: Uint8Array): Buffer {
  return raw(['-d', ...options], raw([], bytes))
}

/** Undoes filters over copies of pieces of some and of many bytes. */
function undo(filters: readonly Filter[], bytes: Uint8Array): Buffer {
  const next = random(9)
  const chain = createFilterChain(filters)
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length; ) {
    const size = next() % (next() % 2 ? 40 : 70_000)
    parts.push(chain.push(bytes.slice(at, at + size)).slice())
    at += size
  }
  return Buffer.concat([...parts, chain.end()])
}

function startAt(offset: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(offset).buffer)
}

/** How many bytes differ. A test of a filter that changes next to nothing would show next to nothing. */
function changes(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((sum, byte, at) => sum + (byte === b[at] ? 0 : 1), 0)
}

/** Compares without the diff of a large array, which takes minutes. */
function expectEqual(actual: Buffer, expected: Uint8Array): void {
  expect(actual.equals(expected)).toBe(true)
}

describe.skipIf(xz.skip)(`filters are undone as xz does it${xz.because}`, () => {
  describe.each(CONVERTERS)('%s', (name, id, alphabet) => {
    it.each(START_OFFSETS)('with the start offset %i, for what xz converted and for any bytes', offset => {
      const bytes = instructions(alphabet, id)
      const options = [`--${name}=start=${offset}`]
      const filter = { id, properties: startAt(offset) }
      const encoded = encode(options, bytes)
      expect(changes(encoded, bytes)).toBeGreaterThan(500)
      expectEqual(undo([filter], encoded), bytes)
      expectEqual(undo([filter], bytes), decode(options, bytes))
    })
  })

  it.each([1, 2, 3, 255, 256])('delta over %i bytes', distance => {
    const bytes = readFileSync(process.execPath).subarray(0, 300_001)
    const options = [`--delta=dist=${distance}`]
    const encoded = encode(options, bytes)
    expect(changes(encoded, bytes)).toBeGreaterThan(50_000)
    expectEqual(undo([{ id: 0x03, properties: Uint8Array.of(distance - 1) }], encoded), bytes)
  })

  it('x86 in a program', () => {
    const program = readFileSync(process.execPath).subarray(2 ** 25, 2 ** 25 + 2 ** 23)
    const encoded = encode(['--x86'], program)
    expect(changes(encoded, program)).toBeGreaterThan(10_000)
    expectEqual(undo([{ id: 0x04, properties: new Uint8Array(0) }], encoded), program)
  })

  it.each<[string, readonly string[], readonly Filter[]]>([
    [
      'two',
      ['--x86=start=4096', '--delta=dist=4'],
      [
        { id: 0x04, properties: startAt(4096) },
        { id: 0x03, properties: Uint8Array.of(3) },
      ],
    ],
    [
      'three',
      ['--ia64', '--delta=dist=1', '--x86'],
      [
        { id: 0x06, properties: new Uint8Array(0) },
        { id: 0x03, properties: Uint8Array.of(0) },
        { id: 0x04, properties: new Uint8Array(0) },
      ],
    ],
    [
      'three that all keep bytes back',
      ['--armthumb', '--x86', '--arm64'],
      [
        { id: 0x08, properties: new Uint8Array(0) },
        { id: 0x04, properties: new Uint8Array(0) },
        { id: 0x0a, properties: new Uint8Array(0) },
      ],
    ],
  ])('a chain of %s', (_, options, filters) => {
    const bytes = instructions([0xe8, 0xf0, 0xf8, 0x00, 0xff, 0x94, 0x12, 0x50], 5)
    const encoded = encode(options, bytes)
    expect(changes(encoded, bytes)).toBeGreaterThan(500)
    expectEqual(undo(filters, encoded), bytes)
    expectEqual(undo(filters, bytes), decode(options, bytes))
  })
})
