import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { crc32 } from '../../../src/bytes/index.ts'
import { type OpenedImage, openImage } from '../../../src/open/index.ts'
import { encodeVli } from '../../../src/xz/index.ts'
import { runCommand } from '../../command.ts'
import { needs } from '../../programs.ts'
import { END_OF_TAR, rawEntry, rawLongName, rawPax } from '../../raw-tar.ts'
import { temporaryFolder } from '../../temporary.ts'
import { ZSTD_FRAMES_ARE_COUNTED } from '../../zstd-frames.ts'
import { collect, listAll, randomBytes } from './support.ts'

const programs = needs('xz', 'bzip2', 'zstd')

function write(bytes: Uint8Array): string {
  const file = join(temporaryFolder(), 'image')
  writeFileSync(file, bytes)
  return file
}

/** What goes wrong when a file is opened and read. */
async function codeOf(
  file: string,
  read: (image: OpenedImage) => Promise<unknown> = image => listAll(image.members()),
) {
  try {
    await using image = await openImage(file)
    await read(image)
    return undefined
  } catch (error) {
    return (error as { code?: string }).code
  }
}

describe.skipIf(programs.skip)(`an image that holds more than it should${programs.because}`, () => {
  // A file of zeros that nobody wants, as long as what GNU tar can say in octal digits.
  const head = rawEntry({ name: 'zeros', size: 8 ** 11 - 512 })

  it.each([
    ['bzip2', 'bzip2 -1'],
    ['zstd', 'zstd -1'],
    ['xz', 'xz -0 -T1'],
  ])('compressed with %s is not read to its end', async (_, compress) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'head'), head)
    // The limit is 256 MiB, and a thousand times the size of the file.
    const bytes = compress.startsWith('bzip2') ? '700M' : '1600M'
    execFileSync('sh', ['-c', `(cat head; head -c ${bytes} /dev/zero) | ${compress} > bomb`], { cwd: folder })
    expect(await codeOf(join(folder, 'bomb'), image => image.member('/zeros'))).toBe('OPEN_UNBOUNDED')
  })

  it('as very many parts is not read to its end', async () => {
    const part = gzipSync(Buffer.alloc(0))
    const many = Buffer.concat(Array.from({ length: 20_000 }, () => part))
    expect(await codeOf(write(many))).toBe('OPEN_UNBOUNDED')
    if (!ZSTD_FRAMES_ARE_COUNTED) return
    const frame = zstdCompressSync(Buffer.alloc(0))
    expect(await codeOf(write(Buffer.concat(Array.from({ length: 20_000 }, () => frame))))).toBe('OPEN_UNBOUNDED')
    const short = zstdCompressSync(rawEntry({ name: 'a' }))
    expect(await codeOf(write(Buffer.concat(Array.from({ length: 20_000 }, () => short))))).toBe('OPEN_UNBOUNDED')
  })

  it('as holes of a sparse file is not read, and is extracted as holes', async () => {
    const pax = rawPax({ 'GNU.sparse.map': '0,3', 'GNU.sparse.size': String(2 ** 50) })
    const file = write(Buffer.concat([pax, rawEntry({ name: 'sparse', data: 'abc' }), END_OF_TAR]))
    expect(await codeOf(file, image => collect(image.contents('/sparse')))).toBe('OPEN_UNBOUNDED')
    expect(await codeOf(file, image => listAll(image.members()))).toBeUndefined()
  })
})

describe.skipIf(programs.skip)(`an .xz file that lies${programs.because}`, () => {
  const tar = Buffer.concat([rawEntry({ name: 'a', data: randomBytes(300_000) }), END_OF_TAR])
  const xz = () => execFileSync('xz', ['-0', '--block-size=100000', '-c'], { input: tar })
  const readA = (image: OpenedImage) => collect(image.contents('/a'))

  it('of a dictionary of 4 GiB is read all the same', async () => {
    const bytes = xz()
    // The header of the first block: size, flags, then sizes, and the filter 21 01 PROPERTIES.
    const size = 4 * (bytes[12] + 1)
    const at = bytes.indexOf(Buffer.from([0x21, 0x01]), 12)
    expect(at).toBeLessThan(12 + size)
    bytes[at + 2] = 40
    bytes.writeUInt32LE(crc32(bytes.subarray(12, 12 + size - 4)), 12 + size - 4)
    expect(await codeOf(write(bytes), readA)).toBeUndefined()
  })

  it('of the size of a block is told', async () => {
    const bytes = xz()
    const indexSize = 4 * (bytes.readUInt32LE(bytes.length - 8) + 1)
    const start = bytes.length - 12 - indexSize
    const index = bytes.subarray(start, start + indexSize)
    // 100000 bytes, as a number of seven bits a byte.
    const at = index.indexOf(Buffer.from([0xa0, 0x8d, 0x06]))
    for (const lie of [
      [0xa0, 0x8e, 0x06],
      [0x80, 0x80, 0x7f],
      [0xff, 0xff, 0x7f],
    ]) {
      index.set(lie, at)
      index.writeUInt32LE(crc32(index.subarray(0, -4)), indexSize - 4)
      expect(await codeOf(write(bytes), readA)).toBe('OPEN_CORRUPT')
    }
  })

  it('of blocks that are cut off or damaged is told', async () => {
    const bytes = xz()
    expect(await codeOf(write(bytes.subarray(0, bytes.length / 2)), readA)).toBe('OPEN_CORRUPT')
    const damaged = Buffer.from(bytes)
    damaged[Math.floor(bytes.length / 2)] ^= 1
    expect(await codeOf(write(damaged), readA)).toBe('OPEN_CORRUPT')
  })
})

describe('headers', () => {
  it.each([
    ['pax', (name: string) => rawPax({ path: name })],
    ['GNU', (name: string) => rawLongName(name)],
  ])('of %s with very long names are read, or passed over', async (_, long) => {
    const name = `${'n'.repeat(200)}/`.repeat(5000).slice(0, -1)
    const file = write(
      Buffer.concat([long(name), rawEntry({ name: 'x' }), long(`${name}${name}`), rawEntry({ name: 'y' }), END_OF_TAR]),
    )
    await using image = await openImage(file)
    const paths = (await listAll(image.members())).map(({ path }) => path.length)
    expect(paths).toEqual([name.length, 1])
    expect((await image.member('/y').catch(error => error)).type ?? 'refused').toMatch(/^(file|refused)$/)
    const { code, stdout } = await runCommand(['ls', '-R', file])
    expect([code, stdout.length]).toEqual([0, name.length + 3])
  })

  it('of hard links that lead to each other lead to nothing', async () => {
    const link = (name: string, linkname: string) => rawEntry({ name, type: '1', linkname })
    const file = write(Buffer.concat([link('a', 'b'), link('b', 'a'), link('c', 'c'), END_OF_TAR]))
    for (const path of ['/a', '/c']) {
      expect(await codeOf(file, image => collect(image.contents(path)))).toBe('ENTRY_WITHOUT_CONTENTS')
    }
  })

  it('with numbers that are none are read', async () => {
    const file = write(
      Buffer.concat([rawPax({ uid: '-', gid: '1e999', mtime: 'x', size: '-5' }), rawEntry({ name: 'a' }), END_OF_TAR]),
    )
    const { code, stdout } = await runCommand(['ls', '-l', file])
    expect([code, stdout.toString()]).toEqual([
      0,
      expect.stringMatching(/^-rw-r--r-- 0\/0 +0 19(70|69)-\d\d-\d\d \d\d:\d\d a\n$/),
    ])
  })
})

describe('an image that registers very many store paths', () => {
  const digits = (i: number) => i.toString(8).padStart(32, '0')
  const record = (i: number) => `/nix/store/${digits(i)}-x\nsha256:${'0'.repeat(52)}\n1\n\n0\n`

  it.each([50_000, 50_001])('%i', async count => {
    const data = Array.from({ length: count }, (_, i) => record(i)).join('')
    const file = write(Buffer.concat([rawEntry({ name: 'nix-path-registration', data }), END_OF_TAR]))
    expect(await codeOf(file, image => image.storePaths())).toBe(count > 50_000 ? 'OPEN_UNSUPPORTED' : undefined)
    const { code, stderr } = await runCommand(['diff', '--json', file, file])
    expect([code, stderr]).toEqual(
      count > 50_000 ? [2, expect.stringContaining('more than the 50000 store paths')] : [0, ''],
    )
  })

  it('by very many bytes', async () => {
    const data = Buffer.alloc(17 * 1024 * 1024, record(1))
    const file = write(Buffer.concat([rawEntry({ name: 'nix-path-registration', data }), END_OF_TAR]))
    expect(await codeOf(file, image => image.storePaths())).toBe('OPEN_UNSUPPORTED')
    expect((await runCommand(['sizes', file])).code).toBe(1)
  })
})

describe('an image with a text that no path table keeps', () => {
  it.each([
    ['target', rawLongName('a/'.repeat(40_000), 'K'), rawEntry({ name: 'link', type: '2', format: 'gnu' })],
    ['name', rawLongName('n'.repeat(70_000)), rawEntry({ name: 'x', format: 'gnu' })],
  ])('can be listed, but nothing in it is looked up: a long %s', async (_, ...entries) => {
    const file = write(Buffer.concat([...entries, END_OF_TAR]))
    expect(await codeOf(file)).toBeUndefined()
    expect(await codeOf(file, image => image.member('/etc'))).toBe('OPEN_UNSUPPORTED')
  })
})

describe('an .xz file of very many short blocks', () => {
  it('is read from its beginning', async () => {
    const tar = Buffer.concat(Array.from({ length: 12_000 }, (_, i) => rawEntry({ name: `${i}` })).concat(END_OF_TAR))
    const file = write(execFileSync('xz', ['-0', '--block-size=512', '-c'], { input: tar, maxBuffer: 2 ** 30 }))
    await using image = await openImage(file)
    expect(image.isSeekable).toBe(false)
    expect(await listAll(image.members())).toHaveLength(12_000)
  })
})

describe('an index of an .xz file that lists very many blocks', () => {
  it('is not read: the file is unpacked from its beginning', async () => {
    // Each record, of two bytes, is the smallest block that there can be.
    const count = 300_000
    const flags = Buffer.alloc(2)
    const sum = (bytes: Uint8Array) => {
      const out = Buffer.alloc(4)
      out.writeUInt32LE(crc32(bytes))
      return out
    }
    const body = Buffer.concat([Buffer.of(0), encodeVli(count), Buffer.alloc(2 * count, Buffer.of(5, 1))])
    const padded = Buffer.concat([body, Buffer.alloc(-body.length & 3)])
    const index = Buffer.concat([padded, sum(padded)])
    const backward = Buffer.alloc(4)
    backward.writeUInt32LE(index.length / 4 - 1)
    const head = Buffer.concat([Buffer.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0), flags, sum(flags)])
    const end = Buffer.concat([backward, flags])
    const file = write(Buffer.concat([head, Buffer.alloc(8 * count), index, sum(end), end, Buffer.from('YZ')]))
    await using image = await openImage(file)
    expect(image.isSeekable).toBe(false)
  })
})
