import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeText, type OpenedImage, openImage } from '../../../src/open/index.ts'
import { createHeaderScan } from '../../../src/untar/index.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'
import { collect, compressFile, listAll, makeFolder, packFolder, randomBytes } from './support.ts'

const programs = needs('tar', 'xz')

const BLOCK = 256 * 1024

/**
 * Packs a tree in small blocks. Some begin within files that hold a header of a larger file: what follows it in the block seems
 * to be contents, but more entries come.
 */
function packBlocks() {
  const folder = temporaryFolder()
  const tree = makeFolder(folder)
  const inner = readFileSync(packFolder(tree, join(folder, 'inner.tar'), '--format=gnu'))
  const header = inner.subarray(inner.indexOf('./usr/big\0')).subarray(0, 512)
  for (let i = 0; i < 6; i++) {
    const before = randomBytes(BLOCK + i * 80 * 512)
    writeFileSync(join(tree, `usr/fake${i}`), Buffer.concat([before, header, randomBytes(70_000)]))
    writeFileSync(join(tree, `usr/fake${i}-next`), 'next\n')
  }
  writeFileSync(join(tree, 'usr/zlib'), randomBytes(3 * BLOCK))
  const tar = packFolder(tree, join(folder, 'a.tar'), '--format=gnu')
  return { tar, xz: compressFile(tar, '.xz', ['xz', '-1', `--block-size=${BLOCK}`]) }
}

const pathsOf = async (image: OpenedImage) =>
  (await listAll(image.members())).map(({ path }) => decodeText(path)).filter(path => path !== '')

describe.skipIf(programs.skip)(`the list of an image in many blocks${programs.because}`, () => {
  it('has all entries, and none of those that contents hold', async () => {
    const { tar, xz } = packBlocks()
    const listed = execFileSync('tar', ['--quoting-style=literal', '-tf', tar]).toString().trimEnd().split('\n')
    const expected = listed.map(line => line.replace(/^\.\/|\/$/g, '')).filter(path => path !== '')
    await using image = await openImage(xz)
    // So that it need not be looked for later, with other blocks in memory.
    const file = (await image.member('usr/zlib'))!
    expect(await pathsOf(image)).toEqual(expected)
    // Parts of blocks are in memory now: nothing is taken for what was not unpacked.
    const bytes = execFileSync('tar', ['-xOf', tar, './usr/zlib'], { maxBuffer: 2 ** 28 })
    expect((await collect(image.contents(file))).equals(bytes)).toBe(true)
    expect(await pathsOf(image)).toEqual(expected)
  })

  it('is read from the blocks that are in memory', async () => {
    const bytes = readFileSync(packBlocks().xz)
    const offsets: number[] = []
    const read = async (offset: number, length: number) => {
      offsets.push(offset)
      return new Uint8Array(bytes.subarray(offset, offset + length))
    }
    await using image = await openImage({ size: bytes.length, read })
    for await (const _ of image.walk()) break
    for await (const _ of image.members()) break
    const ofBlocks = offsets.filter(each => image.blocks.some(({ offset }) => offset === each))
    expect(ofBlocks.length).toBeGreaterThan(0)
    expect(ofBlocks).toEqual([...new Set(ofBlocks)])
  })

  it('is given though the contents of a file are damaged, which reading them tells', async () => {
    const { xz } = packBlocks()
    const bytes = readFileSync(xz)
    await using whole = await openImage(xz, { manifest: false })
    const { contentsOffset } = (await whole.member('usr/zlib'))!
    const at = whole.blocks.find(({ tarOffset }) => tarOffset > contentsOffset)!
    bytes[at.offset + at.size / 2] ^= 1
    writeFileSync(xz, bytes)
    await using image = await openImage(xz)
    expect(await pathsOf(image)).toContain('usr/zlib')
    await expect(collect(image.contents('usr/zlib'))).rejects.toMatchObject({ code: 'OPEN_CORRUPT' })
  })

  it('is given though a block is damaged, which looking up an entry in it tells', async () => {
    const { xz } = packBlocks()
    const bytes = readFileSync(xz)
    await using whole = await openImage(xz, { manifest: false })
    const { headerOffset } = (await whole.member('usr/zlib'))!
    const block = whole.blocks.findLast(({ tarOffset }) => tarOffset <= headerOffset)!
    bytes[block.offset + block.size - 1000] ^= 1
    writeFileSync(xz, bytes)
    await using image = await openImage(xz)
    expect(await pathsOf(image)).toContain('usr/zlib')
    expect((await image.member('etc/os-release'))?.type).toBe('file')
    await expect(image.member('usr/zlib')).rejects.toMatchObject({ code: 'OPEN_CORRUPT' })
  })
})

describe.skipIf(programs.skip)(`the scan for headers${programs.because}`, () => {
  it('knows the end of the last one, at any step', () => {
    const folder = temporaryFolder()
    const tree = makeFolder(folder)
    writeFileSync(join(tree, 'usr/zlib'), randomBytes(BLOCK))
    const bytes = readFileSync(packFolder(tree, join(folder, 'a.tar'), '--format=gnu'))
    const last = bytes.lastIndexOf('./usr/zlib\0')
    const size = last + 512 + BLOCK
    for (const step of [512, 1000, 70_000]) {
      const scan = createHeaderScan(size)
      let at = 0
      while (at < size && !scan(bytes.subarray(0, at))) at += step
      expect(at).toBeGreaterThanOrEqual(last + 512)
      expect(at).toBeLessThan(last + 512 + step)
    }
  })

  it('ends behind a header whose size is negative', () => {
    const header = Buffer.alloc(512)
    header.write('ustar', 257)
    // -512, as GNU tar writes numbers that do not fit in octal digits.
    header.fill(0xff, 124, 134).writeUInt16BE(0xfe00, 134)
    expect(createHeaderScan(BLOCK)(Buffer.concat([header, randomBytes(2048)]))).toBe(false)
  })

  it('wants all of what has no headers, and of what little is left of', () => {
    const scan = createHeaderScan(BLOCK)
    expect(scan(randomBytes(BLOCK - 512))).toBe(false)
  })
})
