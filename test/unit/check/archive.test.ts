import { execFileSync } from 'node:child_process'
import { brotliCompressSync, createZstdCompress, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { xz } from '@napi-rs/lzma'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkArchive, type Finding } from '../../../src/check/index.ts'
import { latin1 } from '../../latin1.ts'
import { needs } from '../../programs.ts'
import { archiveOf } from '../tar/archive.ts'
import { brief, elf } from './images.ts'

const folder = (path: string) => ({ entry: { type: 'directory', path: latin1(path), mode: 0o755 } as const })
const file = (path: string, contents: Uint8Array, mode = 0o644) => ({
  entry: { type: 'file', path: latin1(path), mode } as const,
  contents,
})

/** An image with nothing to find fault with, some of which is hard to compress and has blocks of zeros. */
const NOISE = Uint8Array.from({ length: 40_000 }, (_, i) => (i % 5000 < 2000 ? 0 : Math.imul(i, 0x9e3779b1) >>> 24))
const TAR = archiveOf([
  folder('etc'),
  file('etc/os-release', Buffer.from('ID=x\n')),
  folder('usr'),
  folder('usr/lib'),
  folder('usr/lib/systemd'),
  file('usr/lib/systemd/systemd', elf(183), 0o755),
  file('usr/noise', NOISE),
])
const COMPRESSORS = {
  none: (bytes: Buffer) => bytes,
  xz: (bytes: Buffer) => xz.compressSync(bytes),
  gzip: (bytes: Buffer) => gzipSync(bytes),
  zstd: (bytes: Buffer) => zstdCompressSync(bytes),
} as const
type Compressor = keyof typeof COMPRESSORS
const compressions = Object.keys(COMPRESSORS) as Compressor[]

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}
const isTar = (unpack: () => Buffer) => {
  try {
    return unpack().equals(TAR)
  } catch {
    return false
  }
}
const check = (bytes: Uint8Array, size = 65_536) => checkArchive(cut(bytes, size))
const briefs = (findings: readonly Finding[]) => findings.map(brief)
const NEEDS_258 = { zstd: ['error compression'] } as Partial<Record<Compressor, string[]>>

describe.each(compressions)('an archive compressed with %s', compression => {
  const packed = COMPRESSORS[compression](TAR)
  const expected = NEEDS_258[compression] ?? []

  it.each([1, 511, 4097, 1_000_000])('is read in pieces of %i bytes', async size => {
    const report = await check(packed, size)
    expect(report).toMatchObject({
      ...{ compression, size: packed.length, tarSize: TAR.length, entries: 7, system: 'aarch64-linux' },
    })
    expect(briefs(report.findings)).toEqual(expected)
  })

  it('is found to be cut off, wherever that is', async () => {
    const lengths = fc.integer({ min: 0, max: packed.length - 1 })
    await fc.assert(
      fc.asyncProperty(lengths, async length => {
        const { findings } = await check(packed.subarray(0, length))
        const rules = findings.map(({ rule }) => rule)
        if (compression !== 'none') expect(rules.some(rule => rule === 'truncated' || rule === 'corrupt')).toBe(true)
        else if (rules.length > 0) return
        // Nothing of the archive itself is missing.
        else expect(length).toBeGreaterThan(TAR.indexOf(Buffer.from(NOISE)) + NOISE.length)
      }),
    )
  })

  it('is found to have something behind it', async () => {
    const { findings } = await check(COMPRESSORS[compression](Buffer.concat([TAR, Buffer.alloc(1024, 'x')])))
    expect(briefs(findings)).toEqual([...expected, 'error trailing-data', 'warning trailing-data'])
    expect(findings.at(-2)).toMatchObject({ until: 258, message: expect.stringMatching(/^has 1024 bytes behind/) })
  })
})

describe('a damaged archive', () => {
  it.each([
    ['xz', xz.decompressSync],
    ['gzip', gunzipSync],
  ] as const)(
    'compressed with %s is found to be so if another decoder finds that, or other bytes',
    async (name, unpack) => {
      const packed = COMPRESSORS[name](TAR)
      const places = fc.tuple(fc.nat(packed.length - 1), fc.integer({ min: 1, max: 255 }))
      await fc.assert(
        fc.asyncProperty(places, async ([at, bits]) => {
          const damaged = Buffer.from(packed)
          damaged[at]! ^= bits
          const { findings } = await check(damaged)
          // Some bits of a deflate stream are never looked at, and some matches are as good as others.
          if (!isTar(() => unpack(damaged))) expect(findings).not.toEqual([])
          else expect(findings).toEqual([])
        }),
      )
    },
  )
})

describe('the end of an archive', () => {
  const last = TAR.subarray(0, Math.ceil((TAR.indexOf(Buffer.from(NOISE)) + NOISE.length) / 512) * 512)
  const zeros = (length: number) => Buffer.alloc(length)
  it.each([
    ['is two blocks', [zeros(1024)], []],
    ['is a record', [zeros(10_240)], []],
    ['is one block', [zeros(512)], ['note end']],
    ['is less', [zeros(511)], ['error end', 'warning end']],
    ['is in the middle of a header', [Buffer.alloc(100, 'x')], ['error truncated']],
    ['is missing', [], ['warning end']],
    ['goes on for long', [zeros(1024 + 65_536)], []],
    ['goes on for too long', [zeros(1024 + 65_536 + 512)], ['warning trailing-zeros']],
    ['is followed by a few bytes', [zeros(1024), Buffer.from('x')], ['warning trailing-data', 'warning trailing-data']],
    ['is followed by a block', [zeros(1024), Buffer.alloc(512, 'x')], ['error trailing-data', 'warning trailing-data']],
    ['is followed by an archive', [zeros(1024), archiveOf([folder('usr/x')])], ['error trailing-data usr/x']],
    ['is a block that is none', [Buffer.alloc(512, 'x')], ['error corrupt']],
  ])('%s', async (_, parts, expected) => {
    expect(briefs((await check(Buffer.concat([last, ...parts]))).findings)).toEqual(expected)
  })

  it('is minded by new versions if what follows it is more than they read with it', async () => {
    const withBehind = async (size: number) => {
      const { findings } = await check(Buffer.concat([TAR, Buffer.alloc(size, 'x')]))
      return findings.find(({ rule }) => rule === 'trailing-data')
    }
    expect(await withBehind(65_536 - TAR.length)).toMatchObject({ severity: 'error', until: 258 })
    expect(await withBehind(65_537 - TAR.length)).not.toHaveProperty('until')
  })
})

describe('compressed data', () => {
  it('may be several xz streams with padding between them, and several zstd frames', async () => {
    const halves = [TAR.subarray(0, 20_000), TAR.subarray(20_000)]
    const [first, second] = halves.map(half => xz.compressSync(half))
    expect((await check(Buffer.concat([first!, Buffer.alloc(8), second!, Buffer.alloc(4)]))).findings).toEqual([])
    const frames = Buffer.concat(halves.map(half => zstdCompressSync(half)))
    for (const size of [1, 100, 1_000_000]) {
      expect(briefs((await check(frames, size)).findings)).toEqual(['error compression'])
    }
  })

  it('is refused where systemd does not go on behind the first gzip member', async () => {
    const members = [gzipSync(TAR.subarray(0, 20_000)), gzipSync(TAR.subarray(20_000))]
    const report = await check(Buffer.concat(members))
    expect(report).toMatchObject({ tarSize: TAR.length, entries: 7 })
    expect(briefs(report.findings)).toEqual(['error one-stream'])
  })

  it.each(['xz', 'gzip', 'zstd'] as const)('of %s is refused with bytes behind it', async compression => {
    for (const size of [1, 100]) {
      const image = Buffer.concat([COMPRESSORS[compression](TAR), Buffer.alloc(size, 'x')])
      const rules = (await check(image)).findings.map(({ rule }) => rule)
      expect(rules.at(-1)).toBe(compression === 'zstd' ? 'corrupt' : 'trailing-bytes')
    }
  })

  it.each(['xz', 'gzip'] as const)(
    'of %s whose last bytes are missing is taken up to systemd 260',
    async compression => {
      const { findings } = await check(COMPRESSORS[compression](TAR).subarray(0, -4))
      expect(findings).toMatchObject([
        { rule: 'truncated', severity: 'error', since: 261 },
        { rule: 'truncated', severity: 'warning', until: 260 },
      ])
    },
  )

  it('of xz is refused by some versions only with few bytes behind it', async () => {
    const withBehind = async (behind: Buffer) =>
      (await check(Buffer.concat([COMPRESSORS.xz(TAR), behind]))).findings.map(({ since }) => since)
    expect(await withBehind(Buffer.alloc(8))).toEqual([])
    expect(await withBehind(Buffer.alloc(9))).toEqual([261])
    expect(await withBehind(Buffer.alloc(11, 'x'))).toEqual([261])
    expect(await withBehind(Buffer.alloc(12, 'x'))).toEqual([undefined])
    expect(await withBehind(Buffer.alloc(100_000, 'x'))).toEqual([undefined])
  })

  it('is taken with every field of a gzip header', async () => {
    const [header, rest] = [gzipSync(TAR).subarray(0, 10), gzipSync(TAR).subarray(10)]
    header[3] = 2 + 4 + 8 + 16
    const fields = Buffer.from('\x03\x00abcname\0comment\0hc', 'latin1')
    expect(briefs((await check(Buffer.concat([header, fields, rest]), 3)).findings)).toEqual([])
  })

  it.each([
    ['lzip', [0x4c, 0x5a, 0x49, 0x50, 1], 'error compression'],
    ['lzma', [0x5d, 0, 0, 0x80, 0, 0xff], 'error compression'],
    ['zip', [0x50, 0x4b, 3, 4], 'error compression'],
    ['none', [...brotliCompressSync(TAR)], 'error corrupt'],
    ['none', [], 'error truncated'],
  ])('of %s that systemd does not read is told', async (compression, bytes, expected) => {
    const report = await check(Uint8Array.from(bytes))
    expect(report).toMatchObject({ compression, size: bytes.length })
    expect(briefs(report.findings)).toEqual([expected])
  })
})

describe('an lz4 archive', () => {
  const programs = needs('lz4')
  const lz4 = (bytes: Uint8Array) => execFileSync('lz4', ['-c'], { input: bytes })

  it.skipIf(programs.skip)(`is looked into, and for systemd from 261 on${programs.because}`, async () => {
    const report = await check(lz4(TAR))
    expect(report).toMatchObject({ compression: 'lz4', tarSize: TAR.length })
    expect(report.findings).toEqual([expect.objectContaining({ rule: 'compression', until: 260 })])
    const noise = await check(lz4(Buffer.alloc(3000, 'noise')))
    expect(briefs(noise.findings)).toEqual(['error compression', 'error corrupt'])
  })
})

describe('a file', () => {
  it('that cannot be read is an error, and none of the image', async () => {
    await expect(checkArchive('/nowhere/image.tar')).rejects.toMatchObject({ code: 'IMAGE_UNREADABLE' })
    const source = createZstdCompress().destroy(new Error('no disk'))
    await expect(checkArchive(source)).rejects.toMatchObject({ code: 'IMAGE_UNREADABLE' })
  })
})
