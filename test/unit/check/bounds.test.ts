import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { byteString } from '../../../src/bytes/index.ts'
import { checkArchive } from '../../../src/check/index.ts'
import { PATHS_MAX } from '../../../src/check/limits.ts'
import { REGISTRATION_MAX } from '../../../src/stored-paths.ts'
import { createPathTable, NONE, ROOT } from '../../../src/tree/path-table.ts'
import { latin1 } from '../../latin1.ts'
import { END_OF_TAR, rawEntry, rawLongName, rawPax } from '../../raw-tar.ts'
import { ZSTD_FRAMES_ARE_COUNTED } from '../../zstd-frames.ts'
import { brief } from './images.ts'

async function* each(parts: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* parts
}
const check = (...parts: Uint8Array[]) => checkArchive(each(parts))
/** What is found besides what every image without a system lacks. */
const briefs = async (...parts: Uint8Array[]) =>
  (await check(...parts, END_OF_TAR)).findings
    .filter(({ rule }) => !['init', 'os-release', 'usr', 'compression', 'parents'].includes(rule))
    .map(brief)

describe('compressed data that stands for very much more', () => {
  it('is not unpacked to its end', async () => {
    const { findings, tarSize } = await check(zstdCompressSync(Buffer.alloc(300_000_000)))
    expect(findings).toContainEqual(
      expect.objectContaining({ rule: 'limits', severity: 'error', message: expect.stringContaining('decompress') }),
    )
    expect(tarSize).toBeLessThan(300_000_000)
  })

  it('is not read where it consists of very many small parts', async () => {
    const part = ZSTD_FRAMES_ARE_COUNTED ? zstdCompressSync(Buffer.alloc(0)) : gzipSync('')
    const { findings } = await check(Buffer.concat(Array.from({ length: 10_200 }, () => part)))
    expect(findings).toContainEqual(expect.objectContaining({ rule: 'limits' }))
  })
})

describe('a header in front of an entry', () => {
  it.each([
    ['L', (size: number) => rawLongName('n'.repeat(size))],
    ['K', (size: number) => rawLongName('n'.repeat(size), 'K')],
    ['pax', (size: number) => rawPax({ comment: 'n'.repeat(size) })],
  ])('is passed over if libarchive does not take it: %s', async (_, header) => {
    expect(await briefs(header(2 ** 20), rawEntry({ name: 'usr/' }))).toEqual(['error limits'])
    expect(await briefs(header(1000), rawEntry({ name: 'usr/' }))).not.toContain('error limits')
  })

  it('counts together with the others', async () => {
    const headers = Array.from({ length: 3 }, (_, i) => rawPax({ [`k${i}`]: 'n'.repeat(400_000) }))
    expect(await briefs(...headers, rawEntry({ name: 'usr/' }))).toContain('error limits')
  })

  it('may have any key', async () => {
    expect(await briefs(rawPax({ ['__proto__']: 'x', constructor: 'y' }), rawEntry({ name: 'usr/' }))).toEqual([])
  })
})

describe('a path', () => {
  it('that no kernel takes is told, and not kept', async () => {
    const long = 'a/'.repeat(3000)
    expect(await briefs(rawLongName(long), rawEntry({ name: 'x', format: 'gnu' }))).toEqual([
      expect.stringMatching(/^error name-length a\/a/),
    ])
    const findings = await briefs(rawLongName('a/'.repeat(100_000)), rawEntry({ name: 'x', format: 'gnu' }))
    expect(findings[0]!.length).toBeLessThan(5000)
  })

  it('that is very deep is told, and not kept', async () => {
    const deep = (levels: number) => [rawLongName('a/'.repeat(levels)), rawEntry({ name: 'x', format: 'gnu' })] as const
    expect(await briefs(...deep(127))).toEqual([])
    expect((await briefs(...deep(128))).map(text => text.split(' a/')[0])).toEqual(['error depth', 'warning limits'])
  })

  it('of a link may be long', async () => {
    const link = (target: string) => [rawLongName(target, 'K'), rawEntry({ name: 'etc', type: '2', format: 'gnu' })]
    expect(await briefs(...link('a/'.repeat(2000)))).toEqual([])
    expect(await briefs(...link('a/'.repeat(400_000)))).toEqual(['error symlink etc'])
  })
})

describe('links', () => {
  it('that make a very long way of a path are followed to an end', async () => {
    const chain = Array.from({ length: 30 }, (_, i) => [
      rawLongName(`${'./'.repeat(100)}${'d/../'.repeat(700)}l${i + 1}`, 'K'),
      rawEntry({ name: `l${i}`, type: '2', format: 'gnu' }),
    ]).flat()
    const etc = [rawEntry({ name: 'd/', type: '5' }), rawEntry({ name: 'etc', type: '2', linkname: 'l0' })]
    expect((await check(...chain, ...etc, END_OF_TAR)).findings.map(({ rule }) => rule)).toContain('os-release')
  })
})

describe('an entry that has no contents', () => {
  it.each(['5', 'D', '0'])('may say that it has any amount: %s', async type => {
    const size = Buffer.from('80000000ffffffffffffffff', 'hex')
    const findings = await briefs(rawEntry({ name: 'd/', type, format: 'gnu', bytes: { 124: size } }))
    expect(findings).toEqual(expect.any(Array))
  })
})

describe('a registration', () => {
  it('is read up to a limit', async () => {
    const entry = (size: number) => [
      rawEntry({ name: 'nix-path-registration', size }),
      ...Array.from({ length: Math.ceil(size / 512) }, () => Buffer.alloc(512, 'x')),
    ]
    expect(await briefs(...entry(REGISTRATION_MAX + 1))).toEqual(['error limits nix-path-registration'])
    expect(await briefs(...entry(1000))).toEqual(['error registration nix-path-registration'])
  })
})

describe('a table of paths', () => {
  it('finds what was added, and nothing else', () => {
    const table = createPathTable({ pathsMax: PATHS_MAX, namesMax: 2 ** 24 })
    const paths = Array.from({ length: 20_000 }, (_, i) => latin1(`${i % 7}/${i % 100}/\xff${i}`))
    const numbers = paths.map(path => table.add(path))
    expect(paths.map(path => table.find(path))).toEqual(numbers)
    expect(numbers.map(id => table.path(id))).toEqual(paths)
    expect(table.find(byteString`0/0/1`)).toBe(NONE)
    expect(table.find(byteString``)).toBe(ROOT)
    expect(table.path(table.findFolder(byteString`3/nothing/x`))).toBe('3')
    expect(table.size).toBe(1 + 7 + 700 + 20_000)
  })

  it('says when it is full', () => {
    const table = createPathTable({ pathsMax: 4, namesMax: 2 ** 20 })
    expect(['a', 'b', 'c', 'd', 'a'].map(path => table.add(latin1(path)))).toEqual([1, 2, 3, NONE, 1])
  })
})
