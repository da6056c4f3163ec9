import { hash } from 'node:crypto'
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import {
  getBlock,
  getRecord,
  guardCache,
  openDefaultCache,
  putBlock,
  putRecord,
  recordKey,
} from '../../../src/block-cache/index.ts'
import { type BlockCache, openBlockCache } from '../../../src/index.ts'
import { temporaryFolder } from '../../temporary.ts'

let folder = ''
beforeEach(() => {
  folder = join(temporaryFolder(), 'cache')
})

const bytes = (size: number, seed = 1) => Uint8Array.from({ length: size }, (_, i) => Math.imul(i + seed, 0x9e37) >> 4)

const put = (cache: BlockCache, contents: Uint8Array) =>
  putBlock(cache, contents, { sha256: hash('sha256', contents), uncompressedSize: 1, note: 2 })

const filesOfBlocks = () => readdirSync(folder).flatMap(name => (name.startsWith('block-') ? [join(folder, name)] : []))

describe('a local cache', () => {
  it('gives what was put, and nothing else', async () => {
    const cache = openBlockCache(folder)
    expect(await cache.get('a')).toBeUndefined()
    expect(await cache.put('a', bytes(1000))).toBe(true)
    await cache.put('empty', new Uint8Array())
    expect(await openBlockCache(folder).get('a')).toEqual(bytes(1000))
    expect(await cache.get('empty')).toEqual(new Uint8Array())
    expect(await cache.get('b')).toBeUndefined()
    await cache.put('a', bytes(1000, 2))
    expect(await cache.get('a')).toEqual(bytes(1000, 2))
  })

  it.each<[string, (file: string) => void]>([
    ['a byte changed', file => writeFileSync(file, readFileSync(file).fill(7, 10, 11))],
    ['the end cut off', file => truncateSync(file, 999)],
    ['not even a digest left', file => truncateSync(file, 31)],
    ['nothing left', file => truncateSync(file, 0)],
    ['more than there was', file => writeFileSync(file, 'x', { flag: 'a' })],
  ])('does not give what has %s, and keeps it again', async (_, spoil) => {
    const cache = openBlockCache(folder)
    await cache.put('a', bytes(1000))
    const [file] = filesOfBlocks()
    spoil(file!)
    expect(await cache.get('a')).toBeUndefined()
    await cache.put('a', bytes(1000))
    expect(await cache.get('a')).toEqual(bytes(1000))

    await cache.clear()
    const block = (await put(cache, bytes(1000)))!
    const [blockFile] = filesOfBlocks()
    expect(await getBlock(cache, block)).toEqual(bytes(1000))
    spoil(blockFile!)
    // The digest of the file is that of no block: this one is its own.
    const isRead = readFileSync(blockFile!).subarray(32).equals(bytes(1000))
    expect(await cache.get(block.key)).toEqual(isRead ? bytes(1000) : undefined)
    expect(await getBlock(cache, block)).toEqual(isRead ? bytes(1000) : undefined)
  })

  it('is believed about its blocks, also behind a guard; what wraps it is not', async () => {
    const cache = openBlockCache(folder)
    const block = (await put(cache, bytes(1000)))!
    const spoilt = { ...cache, get: async (key: string) => (await cache.get(key))?.fill(7, 10, 11) }
    for (const one of [spoilt, guardCache(spoilt, new AbortController().signal, { onFault() {} })]) {
      expect(await getBlock(one, block)).toBeUndefined()
    }
    const guarded = guardCache(cache, new AbortController().signal, { onFault() {} })
    expect(await getBlock(guarded, block)).toEqual(bytes(1000))
  })

  it('has no record that lists something else than blocks', async () => {
    const cache = openBlockCache(folder)
    const block = (await put(cache, bytes(1000)))!
    const key = recordKey('a')
    await putRecord(cache, key, { blocks: [block], tarSizes: [512] })
    expect(await getRecord(cache, key)).toBeDefined()
    await putRecord(cache, key, { blocks: [{ ...block, key }], tarSizes: [512] })
    expect(await getRecord(cache, key)).toBeUndefined()
  })

  it.each(['/dev/null/cache', '/proc/nspawn-rootfs/cache'])('has nothing where it cannot be: %s', async place => {
    const cache = openBlockCache(place)
    const error = {
      code: 'FOLDER_UNWRITABLE',
      path: place,
      message: expect.stringMatching(`^${place}: cannot be written: `),
    }
    await expect(cache.put('a', bytes(10))).rejects.toMatchObject(error)
    expect(await cache.get('a')).toBeUndefined()
  })

  it('tries again where its folder could not be made before', async () => {
    writeFileSync(join(folder, '..', 'in the way'), '')
    const cache = openBlockCache(join(folder, '..', 'in the way', 'cache'))
    await expect(cache.put('a', bytes(10))).rejects.toThrow('not a directory')
    rmSync(join(folder, '..', 'in the way'))
    expect(await cache.put('a', bytes(10))).toBe(true)
    expect(await cache.get('a')).toEqual(bytes(10))
  })

  it('lies where the XDG Base Directory Specification says', () => {
    vi.stubEnv('XDG_CACHE_HOME', '/somewhere')
    expect(openBlockCache().folder).toBe('/somewhere/nspawn-rootfs')
    vi.stubEnv('XDG_CACHE_HOME', 'relative')
    vi.stubEnv('HOME', '/home/me')
    expect(openBlockCache().folder).toBe('/home/me/.cache/nspawn-rootfs')
    vi.unstubAllEnvs()
  })
})

describe('pruning', () => {
  /** Puts a batch of one block of 10,000 bytes. */
  async function addBatch(name: string, maxSize?: number, seed = name.charCodeAt(0)): Promise<string> {
    const cache = openBlockCache(folder, { maxSize })
    const block = (await put(cache, bytes(10_000, seed)))!
    await putRecord(cache, recordKey(name), { blocks: [block], tarSizes: [1] })
    // Files know milliseconds.
    await new Promise(resolve => setTimeout(resolve, 3))
    return block.key
  }
  const has = async (name: string) => (await getRecord(openBlockCache(folder), recordKey(name))) !== undefined

  it('removes what was put first, blocks and all', async () => {
    const blocks = [await addBatch('a'), await addBatch('b'), await addBatch('c')]
    const { size } = await openBlockCache(folder).stats()
    expect(size).toBeGreaterThan(30_000)
    expect(await openBlockCache(folder).prune({ maxSize: size })).toBe(0)
    expect(await openBlockCache(folder).prune({ maxSize: 25_000 })).toBeGreaterThan(10_000)
    expect([await has('a'), await has('b'), await has('c')]).toEqual([false, true, true])
    expect(await openBlockCache(folder).get(blocks[0]!)).toBeUndefined()
    expect(await openBlockCache(folder).get(blocks[1]!)).toHaveLength(10_000)
    expect(await openBlockCache(folder).stats()).toMatchObject({ batches: 2, blocks: 2 })
  })

  it('keeps a block that another batch has, too, and blocks of a build under way', async () => {
    const shared = await addBatch('a', undefined, 1)
    await addBatch('b', undefined, 1)
    const pending = await put(openBlockCache(folder), bytes(5000, 9))
    await openBlockCache(folder).prune({ maxSize: 10_300 })
    expect([await has('a'), await has('b')]).toEqual([false, true])
    expect(await openBlockCache(folder).get(shared)).toHaveLength(10_000)
    expect(await openBlockCache(folder).get(pending!.key)).toHaveLength(5000)
  })

  it('happens by itself when there is more than there may be', async () => {
    for (const name of 'abcdefgh') await addBatch(name, 40_000)
    const { size } = await openBlockCache(folder).stats()
    expect(size).toBeLessThan(60_000)
    expect([await has('a'), await has('h')]).toEqual([false, true])
  })

  it('and clearing leave nothing if they are to', async () => {
    await addBatch('a')
    await openBlockCache(folder).prune({ maxSize: 0 })
    expect(await openBlockCache(folder).stats()).toEqual({ size: 0, batches: 0, blocks: 0, leftOvers: 0 })
    await addBatch('a')
    await openBlockCache(folder).clear()
    expect(await openBlockCache(folder).stats()).toEqual({ size: 0, batches: 0, blocks: 0, leftOvers: 0 })
    expect(await openBlockCache(join(folder, 'none')).stats()).toEqual({ size: 0, batches: 0, blocks: 0, leftOvers: 0 })
  })

  it('leaves alone what is not of the cache, whatever its name', async () => {
    await addBatch('a')
    const others = ['.writing', 'block-drafts', 'notes.txt', 'record-', `block-${'0'.repeat(65)}`]
    for (const name of others) writeFileSync(join(folder, name), '')
    await openBlockCache(folder).prune({ maxSize: 0 })
    await openBlockCache(folder).clear()
    expect(readdirSync(folder).sort()).toEqual(others.sort())
  })
})

describe('a user without a home', () => {
  it('has no cache unless a folder is given', () => {
    vi.stubEnv('XDG_CACHE_HOME', '')
    vi.stubEnv('HOME', '')
    expect(() => openBlockCache()).toThrow(/home/)
    expect(openDefaultCache()).toBeUndefined()
    vi.unstubAllEnvs()
  })
})
