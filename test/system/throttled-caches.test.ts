import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createBinaryCache, publicKeyOf, TEST_KEY, type TestCache } from '../binary-cache.ts'
import { storePathOf } from '../chroot-store.ts'
import { needs } from '../programs.ts'
import { narOfTree } from '../unit/nix/nar-support.ts'
import { cli } from './support/cli.ts'
import { type NginxDirectives, startNginx } from './support/nginx.ts'
import { createScratch, type Scratch } from './support/scratch.ts'

const real = needs('nginx', 'setpriv', 'chattr')

/** Store paths in the cache; each takes two requests. */
const PATHS = 200

/** Store paths whose NARs are longer than all that is read ahead, and their size. */
const LARGE_PATHS = 12
const LARGE_SIZE = 40_000_000

/** Puts large store paths into a cache, and returns the one that refers to all others. */
function addLarge(cache: TestCache): string {
  const paths = Array.from({ length: LARGE_PATHS }, (_, i) => storePathOf(`large-${i}`))
  for (const [i, path] of paths.entries()) {
    const references = i === 0 ? paths.slice(1) : []
    const contents = String.fromCharCode(97 + i).repeat(LARGE_SIZE)
    cache.addNar(path, narOfTree({ contents }), { references, compression: 'none' })
  }
  return paths[0]
}

/** The rate is that of all requests, of all threads. */
const limitRate = (rate: string, options: string, status = 503): NginxDirectives => ({
  http: `limit_req_zone $server_port zone=all:1m rate=${rate}; limit_req_status ${status};`,
  location: `limit_req zone=all ${options};`,
})

const limitConnections = (most: number, status = 503): NginxDirectives => ({
  http: `limit_conn_zone $server_port zone=all:1m; limit_conn_status ${status};`,
  location: `limit_conn all ${most}; limit_rate 200k;`,
})

describe.skipIf(real.skip)(`a cache that nginx throttles${real.because}`, () => {
  let scratch: Scratch
  let root = ''
  let largeRoot = ''
  let expected = ''
  const folder = () => join(scratch.folder, 'cache')
  const largeFolder = () => join(scratch.folder, 'large')

  beforeAll(async () => {
    scratch = createScratch()
    const cache = createBinaryCache(folder())
    // Each refers to the two behind it, so that the closure is found in several steps.
    const names = Array.from({ length: PATHS }, (_, i) => `path-${i}`)
    for (const [i, name] of names.entries()) {
      const references = [2 * i + 1, 2 * i + 2].flatMap(next => (names[next] ? [storePathOf(names[next])] : []))
      // Some are larger than what sockets hold.
      const contents = name.repeat(i % 50 === 0 ? 20_000 : 100)
      cache.addNar(storePathOf(name), narOfTree({ contents }), { references, compression: 'none' })
    }
    root = storePathOf(names[0])
    largeRoot = addLarge(createBinaryCache(largeFolder()))
    expected = await build(`file://${folder()}`, root)
  })
  afterAll(() => scratch?.remove())

  it.each<[string, NginxDirectives]>([
    ['by 503 after a burst, and delays that', limitRate('100r/s', 'burst=20')],
    ['by 503 after a burst', limitRate('100r/s', 'burst=20 nodelay')],
    ['by 429 after a burst', limitRate('100r/s', 'burst=20 nodelay', 429)],
    ['by 418 after a burst', limitRate('100r/s', 'burst=5 nodelay', 418)],
    ['by 429 without a burst', limitRate('100r/s', '', 429)],
    ['by the number of connections', limitConnections(4)],
    ['by one connection less than there are threads and the main one', limitConnections(2, 429)],
  ])('%s, gives the same image', async (_, directives) => {
    const nginx = await startNginx(folder(), scratch.make('nginx'), directives)
    try {
      expect(await build(nginx.url, root)).toBe(expected)
      expect(nginx.errors()).toMatch(/limiting (requests|connections)/)
    } finally {
      await nginx.stop()
    }
  })

  it.each([1, 2, 4])('by %i connections, gives more large NARs than that at a time', async most => {
    const nginx = await startNginx(largeFolder(), scratch.make('nginx'), {
      http: 'limit_conn_zone $server_port zone=all:1m;',
      location: `limit_conn all ${most};`,
    })
    try {
      expect(await build(nginx.url, largeRoot)).toBe(await build(`file://${largeFolder()}`, largeRoot))
      // More are enough for two threads, most of the time.
      if (most === 1) expect(nginx.errors()).toContain('limiting connections')
    } finally {
      await nginx.stop()
    }
  })

  async function build(url: string, root: string): Promise<string> {
    const args = ['build', '--root', root, '--store', url, '--trusted-public-key', publicKeyOf(TEST_KEY)]
    return (await cli([...args, '--workers', '2', '--format', 'tar', '--stdout'])).stdout.sha256
  }
})
