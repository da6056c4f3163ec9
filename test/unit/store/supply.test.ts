import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { createSupply } from '../../../src/store/index.ts'
import type { Wanted } from '../../../src/store/supply.ts'
import { type CacheServer, createBinaryCache, serveCache, stallAt, type TestCache } from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import { narOfTree } from '../nix/nar-support.ts'
import { createRecordingSink } from './recording-sink.ts'

let cache: TestCache
let server: CacheServer
beforeEach(async () => {
  cache = createBinaryCache(join(temporaryFolder(), 'cache'))
  server = await serveCache(cache.folder)
})

/** Puts so many store paths into the cache. */
function addPaths(count: number): Wanted[] {
  return Array.from({ length: count }, (_, i) => {
    const path = storePathOf(`path-${i}`)
    const info = cache.addNar(path, narOfTree({ contents: `${i}` }))
    return { ...info, contents: { type: 'nar', file: { ...info, url: `${server.url}${info.url}` } } }
  })
}

function openSupply() {
  const supply = createSupply({ access: { stallTimeout: 60_000 }, cacheUrls: [server.url] })
  onTestFinished(() => supply.close())
  return supply
}

const contentsOf = async (supply: ReturnType<typeof createSupply>, wanted: Wanted) => {
  const { sink, calls } = createRecordingSink()
  await supply.read(wanted, sink)
  return calls
}

describe('a supply', () => {
  it('brings what was announced, and what was not', async () => {
    const paths = addPaths(30)
    const supply = openSupply()
    for (const path of paths.slice(1)) supply.announce(path)
    for (const [i, path] of paths.entries()) {
      expect(await contentsOf(supply, path)).toEqual([
        ['regular', false, `${i}`.length],
        ['data', `${i}`],
      ])
    }
    expect(server.requests).toHaveLength(30)
  })

  it('leaves connections to what is wanted, however much was announced', async () => {
    const paths = addPaths(40)
    // As when nobody reads on.
    const last = paths.at(-1)!
    server.bend = ({ path }) =>
      last.contents.type === 'nar' && last.contents.file.url.endsWith(path) ? undefined : stallAt(9)
    const supply = openSupply()
    for (const path of paths) supply.announce(path)
    expect(await contentsOf(supply, last)).toContainEqual(['data', '39'])
    expect(server.requests.length).toBeLessThan(12)
  })
})
