import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { openCaches, parseCacheUrl } from '../../../src/binary-cache/index.ts'
import { createAccess } from '../../../src/nar-file/index.ts'
import { parseStorePath } from '../../../src/nix/index.ts'
import { createThrottle, openServer } from '../../../src/throttle/index.ts'
import {
  type CacheServer,
  createBinaryCache,
  publicKeyOf,
  sendStatus,
  serveCache,
  TEST_KEY,
} from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'

const path = storePathOf('path')
const narInfoOf = ({ requests }: CacheServer) => requests.filter(({ path }) => path.endsWith('.narinfo')).length

let full: CacheServer
let empty: CacheServer
beforeEach(async () => {
  const cache = createBinaryCache(join(temporaryFolder(), 'cache'))
  cache.add('path', { contents: 'text' })
  full = await serveCache(cache.folder)
  empty = await serveCache(createBinaryCache(join(temporaryFolder(), 'empty')).folder)
})

/** Finds the path in caches, asked in this order. */
async function find(...servers: readonly CacheServer[]): Promise<string> {
  // Short, so that a cache for which there is another is left after half a second.
  const access = createAccess({ stallTimeout: 1000 })
  try {
    const trust = { publicKeys: [publicKeyOf(TEST_KEY)], required: true }
    const caches = await openCaches(
      access,
      servers.map(({ url }) => parseCacheUrl(url)),
      trust,
      '/nix/store',
    )
    return (await caches.find(parseStorePath(path))).info.url
  } finally {
    await access.close()
  }
}

describe('a busy cache', () => {
  it('is left for the next that has the path', async () => {
    const busy = await serveCache(createBinaryCache(join(temporaryFolder(), 'busy')).folder, ({ path }) =>
      path.endsWith('.narinfo') ? sendStatus(503) : undefined,
    )
    expect(await find(busy, full)).toContain(full.url)
    expect(narInfoOf(busy)).toBeLessThanOrEqual(5)
  })

  it('is waited for once no other has the path', async () => {
    const since = performance.now()
    full.bend = ({ path }) =>
      path.endsWith('.narinfo') && performance.now() - since < 2000 ? sendStatus(429) : undefined
    expect(await find(full, empty)).toContain(full.url)
    expect(narInfoOf(empty)).toBeGreaterThanOrEqual(1)
  })

  it('is waited for if it is the last, and so is one that does not even say what it is', async () => {
    const since = performance.now()
    full.bend = () => (performance.now() - since < 2000 ? sendStatus(503) : undefined)
    expect(await find(empty, full)).toContain(full.url)
    expect(await find(full)).toContain(full.url)
  })

  it('is asked as often as a server may fail, and not once more, where it is the only one', async () => {
    full.bend = ({ path }) => (path.endsWith('.narinfo') ? sendStatus(500) : undefined)
    await expect(find(full)).rejects.toThrow('at the last of 5 attempts')
    expect(narInfoOf(full)).toBe(5)
    full.bend = () => sendStatus(500)
    const before = full.requests.length
    await expect(find(full)).rejects.toThrow('at the last of 5 attempts')
    expect(full.requests.length - before).toBe(5)
  })

  it('says why it cannot be reached', async () => {
    await full.stop()
    await expect(find(full)).rejects.toThrow('ECONNREFUSED')
  })
})

describe('access to files', () => {
  it('tells how many of a server may be fetched ahead', async () => {
    const throttle = createThrottle()
    const access = createAccess({ throttle })
    const url = 'http://cache.example/nar/x.nar'
    expect([access.roomAt(url), access.roomAt('file:///x.nar')]).toEqual([Infinity, Infinity])
    openServer(throttle, 'http://cache.example').update(state => {
      state.window = 3.5
    })
    expect(access.roomAt(url)).toBe(2)
    await access.close()
  })
})
