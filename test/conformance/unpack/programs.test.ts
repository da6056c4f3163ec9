import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Compression } from '../../../src/unpack/index.ts'
import { needs } from '../../programs.ts'
import { pipeThrough, unpacked } from './tools.ts'

const tools = needs('lz4', 'xz', 'lzip')

/** Text, noise and a long repetition: blocks of every kind, more than one of them. */
const MIXED = Buffer.concat([
  Buffer.from(Array.from({ length: 20_000 }, (_, i) => `line ${i * 7919}\n`).join('')),
  randomBytes(300_000),
  Buffer.alloc(5_000_000, 'ab'),
])

describe.skipIf(tools.skip)(`what the programs write is unpacked${tools.because}`, () => {
  it.each<[Compression, string, string, ...string[]]>([
    ['lz4', 'as it does by itself', 'lz4', '-c'],
    ['lz4', 'at its best', 'lz4', '-c', '-9'],
    ['lz4', 'in blocks that refer to those before', 'lz4', '-c', '-BD', '-B4'],
    ['lz4', 'in small blocks with a checksum each', 'lz4', '-c', '-B4', '-BX'],
    ['lz4', 'without a checksum', 'lz4', '-c', '--no-frame-crc'],
    ['lzma', 'as it does by itself', 'xz', '--format=lzma', '-c'],
    ['lzma', 'at its fastest', 'xz', '--format=lzma', '-0', '-c'],
    ['lzma', 'at its best', 'xz', '--format=lzma', '-9e', '-c'],
    ['lzma', 'with other properties', 'xz', '--format=lzma', '--lzma1=lc=0,lp=2,pb=0,dict=64KiB', '-c'],
    ['lzip', 'as it does by itself', 'lzip', '-c'],
    ['lzip', 'at its fastest', 'lzip', '-c', '-0'],
    ['lzip', 'in many members', 'lzip', '-c', '-0', '-b100000'],
  ])('%s %s', async (compression, _, program, ...args) => {
    for (const contents of [MIXED, Buffer.of(), Buffer.from('a')]) {
      const file = pipeThrough(contents, program, ...args)
      for (const pieceSize of contents.length > 1 ? [7919, 65536, 1e9] : [1]) {
        const back = await unpacked(file, compression, pieceSize, contents.length)
        expect(back.equals(contents)).toBe(true)
      }
      // As it is read for whoever does not know its size.
      expect((await unpacked(file, compression)).equals(contents)).toBe(true)
    }
  })

  it.each(['lz4', 'lzip'] as const)('%s files one behind the other', async compression => {
    const [one, two] = ['one', 'two'].map(text => pipeThrough(Buffer.from(text), compression, '-c'))
    expect(String(await unpacked(Buffer.concat([one, two]), compression))).toBe('onetwo')
  })

  it.each([
    ...['garbage', '\0\0\0\0\0\0\0\0', 'x', 'xZIP', 'lzip data', 'Lxxxxxx', 'LZIX', 'L', 'LZI', 'LZIP', 'LZIP\x01'],
    ...['LZxxxxx', 'xxIPxxx', 'LZIXxxxx', 'LZIP\x02\x0cxx'],
  ])('lzip with %j behind it, if lzip takes that', async behind => {
    const file = Buffer.concat([pipeThrough(Buffer.from('contents'), 'lzip', '-c'), Buffer.from(behind)])
    const { status } = spawnSync('lzip', ['-dc'], { input: file })
    const text = await unpacked(file, 'lzip').catch(() => undefined)
    expect(text?.toString()).toBe(status === 0 ? 'contents' : undefined)
  })

  it('lz4 with its size, and frames to skip', async () => {
    const skippable = Buffer.from('5a2a4d1803000000ffffff', 'hex')
    const file = pipeThrough(MIXED, 'lz4', '-c', '--content-size')
    expect((await unpacked(Buffer.concat([file, skippable, file]), 'lz4')).length).toBe(2 * MIXED.length)
  })

  it('of any size, in any pieces', async () => {
    const commands = { lz4: ['lz4', '-c', '-B4', '-BD'], lzma: ['xz', '--format=lzma', '-c'], lzip: ['lzip', '-c'] }
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('lz4', 'lzma', 'lzip'),
        fc.array(fc.tuple(fc.uint8Array({ maxLength: 100 }), fc.nat(3000)), { maxLength: 20 }),
        fc.integer({ min: 1, max: 5000 }),
        async (compression, parts, pieceSize) => {
          const [program, ...args] = commands[compression]
          const pieces = parts.map(([bytes, times]) => Buffer.alloc(bytes.length && times, bytes))
          const contents = Buffer.concat([Buffer.from('contents'), ...pieces])
          const file = pipeThrough(contents, program, ...args)
          expect((await unpacked(file, compression, pieceSize)).equals(contents)).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe.skipIf(tools.skip)(`what is damaged is refused${tools.because}`, () => {
  const contents = Buffer.from(Array.from({ length: 500 }, (_, i) => `line ${i * 7919}\n`).join(''))
  const files = () => ({
    lz4: pipeThrough(contents, 'lz4', '-c', '--content-size'),
    lzip: pipeThrough(contents, 'lzip', '-c'),
    lzma: pipeThrough(contents, 'xz', '--format=lzma', '-c'),
  })

  it('where it is cut', async () => {
    const { lz4, lzip, lzma } = files()
    for (const [compression, file] of [
      ['lz4', lz4],
      ['lzip', lzip],
      ['lzma', lzma],
    ] as const) {
      for (const length of [1, 4, 5, 6, 12, 13, 14, 20, 100, file.length - 21, file.length - 8, file.length - 1]) {
        await expect(unpacked(file.subarray(0, length), compression), `${compression} at ${length}`).rejects.toThrow()
      }
    }
  })

  it('where one bit is another', async () => {
    const { lz4, lzip } = files()
    for (const [compression, file] of [
      ['lz4', lz4],
      ['lzip', lzip],
    ] as const) {
      for (let at = 0; at < file.length; at += at < 40 || at > file.length - 40 ? 1 : 13) {
        const spoilt = Buffer.from(file)
        spoilt[at] ^= 1 << (at % 8)
        // A bit that means nothing may be any: what comes out is right, or nothing is taken.
        const outcome = await unpacked(spoilt, compression, 1000, contents.length).catch(() => contents)
        expect(outcome.equals(contents), `${compression}, byte ${at}`).toBe(true)
      }
    }
  })

  it('where something stands behind it', async () => {
    const { lz4, lzip } = files()
    await expect(unpacked(Buffer.concat([lz4, Buffer.from('garbage')]), 'lz4')).rejects.toThrow(/damaged/)
    await expect(unpacked(Buffer.concat([lzip, Buffer.from('LZXPgarbage')]), 'lzip')).rejects.toThrow(/damaged/)
  })

  it.each<[string, Compression, (file: ReturnType<typeof files>) => Buffer, RegExp]>([
    ['a checksum of lz4', 'lz4', ({ lz4 }) => flip(lz4, lz4.length - 1), /a frame does not match its checksum/],
    ['a header of lz4', 'lz4', ({ lz4 }) => flip(lz4, 6), /a frame header does not match its checksum/],
    ['a checksum of lzip', 'lzip', ({ lzip }) => flip(lzip, lzip.length - 20), /does not match its CRC-32/],
    ['a size of lzip', 'lzip', ({ lzip }) => flip(lzip, lzip.length - 1), /does not match its CRC-32 and its sizes/],
    ['a version of lzip', 'lzip', ({ lzip }) => flip(lzip, 4), /of version 0/],
    [
      'a dictionary of lzma',
      'lzma',
      ({ lzma }) => Buffer.from(lzma).fill(0xff, 1, 5),
      /dictionary of 4294967295 bytes/,
    ],
  ])('and says that it is %s', async (_, compression, spoil, message) => {
    await expect(unpacked(spoil(files()), compression)).rejects.toThrow(message)
  })

  it('and legacy lz4, which has no end, with what to do', async () => {
    const legacy = pipeThrough(contents, 'lz4', '-c', '-l')
    await expect(unpacked(legacy, 'lz4')).rejects.toThrow(/legacy format: compress it without -l/)
  })
})

function flip(file: Buffer, at: number): Buffer {
  const spoilt = Buffer.from(file)
  spoilt[at] ^= 1
  return spoilt
}
