import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { getRecord, putBlock, putRecord, recordKey } from '../../../src/cache/index.ts'
import { clearCache, defaultCacheFolder, openLocalCache, pruneCache, readCacheStats } from '../../../src/index.ts'
import { temporaryFolder } from '../../temporary.ts'

let folder = ''
beforeEach(() => {
  folder = join(temporaryFolder(), 'cache')
})

const bytes = (size: number, seed = 1) => Uint8Array.from({ length: size }, (_, i) => Math.imul(i + seed, 0x9e37) >> 4)

/** The files of a folder with contents, not those of the index. */
const contentFiles = () =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.startsWith('content-'))
    .map(name => join(folder, name))
    .filter(file => statSync(file).isFile())

describe('a local cache', () => {
  it('gives what was put, and nothing else', async () => {
    const cache = openLocalCache(folder)
    expect(await cache.get('a')).toBeUndefined()
    expect(await cache.put('a', bytes(1000))).toBe(true)
    await cache.put('empty', new Uint8Array())
    expect(await openLocalCache(folder).get('a')).toEqual(Buffer.from(bytes(1000)))
    expect(await cache.get('empty')).toEqual(Buffer.alloc(0))
    expect(await cache.get('b')).toBeUndefined()
    await cache.put('a', bytes(1000, 2))
    expect(await cache.get('a')).toEqual(Buffer.from(bytes(1000, 2)))
  })

  it.each<[string, (file: string) => void]>([
    ['a byte changed', file => writeFileSync(file, readFileSync(file).fill(7, 10, 11))],
    ['the end cut off', file => truncateSync(file, 999)],
    ['nothing left', file => truncateSync(file, 0)],
    ['more than there was', file => writeFileSync(file, 'x', { flag: 'a' })],
  ])('does not give what has %s, and keeps it again', async (_, spoil) => {
    const cache = openLocalCache(folder)
    await cache.put('a', bytes(1000))
    const [file] = contentFiles()
    chmodSync(file!, 0o644)
    spoil(file!)
    expect(await cache.get('a')).toBeUndefined()
    await cache.put('a', bytes(1000))
    expect(await cache.get('a')).toEqual(Buffer.from(bytes(1000)))
  })

  it.each(['/dev/null/cache', '/proc/nspawn-rootfs/cache'])('has nothing where it cannot be: %s', async place => {
    const cache = openLocalCache(place)
    expect(await cache.put('a', bytes(10))).toBe(false)
    expect(await cache.get('a')).toBeUndefined()
  })

  it('tries again where its folder could not be made before', async () => {
    writeFileSync(join(folder, '..', 'in the way'), '')
    const cache = openLocalCache(join(folder, '..', 'in the way', 'cache'))
    expect(await cache.put('a', bytes(10))).toBe(false)
    rmSync(join(folder, '..', 'in the way'))
    expect(await cache.put('a', bytes(10))).toBe(true)
    expect(await cache.get('a')).toEqual(Buffer.from(bytes(10)))
  })

  it('lies where the XDG Base Directory Specification says', () => {
    vi.stubEnv('XDG_CACHE_HOME', '/somewhere')
    expect(defaultCacheFolder()).toBe('/somewhere/nspawn-rootfs')
    vi.stubEnv('XDG_CACHE_HOME', 'relative')
    vi.stubEnv('HOME', '/home/me')
    expect(defaultCacheFolder()).toBe('/home/me/.cache/nspawn-rootfs')
    vi.unstubAllEnvs()
  })
})

describe('pruning', () => {
  /** Puts a batch of one block of 10,000 bytes. */
  async function addBatch(name: string, maxSize?: number, seed = name.charCodeAt(0)): Promise<string> {
    const cache = openLocalCache(folder, maxSize)
    const block = (await putBlock(cache, bytes(10_000, seed), { uncompressedSize: 1, note: 2 }))!
    await putRecord(cache, recordKey(name), { blocks: [block], tarSizes: [1] })
    // The index knows milliseconds.
    await new Promise(resolve => setTimeout(resolve, 3))
    return block.key
  }
  const has = async (name: string) => (await getRecord(openLocalCache(folder), recordKey(name))) !== undefined

  it('removes what was put first, blocks and all', async () => {
    const blocks = [await addBatch('a'), await addBatch('b'), await addBatch('c')]
    const { size } = await readCacheStats(folder)
    expect(size).toBeGreaterThan(30_000)
    expect(await pruneCache(folder, size)).toBe(0)
    expect(await pruneCache(folder, 25_000)).toBeGreaterThan(10_000)
    expect([await has('a'), await has('b'), await has('c')]).toEqual([false, true, true])
    expect(await openLocalCache(folder).get(blocks[0]!)).toBeUndefined()
    expect(await openLocalCache(folder).get(blocks[1]!)).toHaveLength(10_000)
    expect(await readCacheStats(folder)).toMatchObject({ batches: 2, blocks: 2 })
  })

  it('keeps a block that another batch has, too, and blocks of a build under way', async () => {
    const shared = await addBatch('a', undefined, 1)
    await addBatch('b', undefined, 1)
    const pending = await putBlock(openLocalCache(folder), bytes(5000, 9), { uncompressedSize: 1, note: 2 })
    await pruneCache(folder, 10_300)
    expect([await has('a'), await has('b')]).toEqual([false, true])
    expect(await openLocalCache(folder).get(shared)).toHaveLength(10_000)
    expect(await openLocalCache(folder).get(pending!.key)).toHaveLength(5000)
  })

  it('happens by itself when there is more than there may be', async () => {
    for (const name of 'abcdefgh') await addBatch(name, 40_000)
    const { size } = await readCacheStats(folder)
    expect(size).toBeLessThan(60_000)
    expect([await has('a'), await has('h')]).toEqual([false, true])
  })

  it('and clearing leave nothing if they are to', async () => {
    await addBatch('a')
    await pruneCache(folder, 0)
    expect(await readCacheStats(folder)).toEqual({ size: 0, batches: 0, blocks: 0 })
    await addBatch('a')
    await clearCache(folder)
    expect(await readCacheStats(folder)).toEqual({ size: 0, batches: 0, blocks: 0 })
    expect(await readCacheStats(join(folder, 'none'))).toEqual({ size: 0, batches: 0, blocks: 0 })
  })

  it('leaves alone what is not of the cache, whatever its name', async () => {
    const strange = join(folder, 'c[1]x')
    const other = join(folder, 'c1x')
    await putBlock(openLocalCache(strange), bytes(100, 1), { uncompressedSize: 1, note: 2 })
    for (const name of ['content-drafts', 'index-old']) mkdirSync(join(strange, name))
    mkdirSync(join(other, 'content-v2'), { recursive: true })
    await clearCache(strange)
    expect(await readCacheStats(strange)).toMatchObject({ size: 0, blocks: 0 })
    expect(readdirSync(strange).sort()).toEqual(['content-drafts', 'index-old'])
    expect(readdirSync(other)).toEqual(['content-v2'])
  })
})

describe('a user without a home', () => {
  it('builds without a cache', async () => {
    vi.stubEnv('XDG_CACHE_HOME', '')
    vi.stubEnv('HOME', '')
    expect(() => defaultCacheFolder()).toThrow(/home/)
    const cache = openLocalCache()
    await cache.put('block:a', bytes(10, 1))
    expect(await cache.get('block:a')).toBeUndefined()
    vi.unstubAllEnvs()
  })
})
