import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { build, NarFileError } from '../../../src/index.ts'
import {
  type Answer,
  createBinaryCache,
  cutAt,
  narUrl,
  reset,
  sendBytes,
  sendFile,
  sendStatus,
  stallAt,
} from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import { narOfTree } from '../nix/nar-support.ts'
import {
  addClosure,
  built,
  createThreeCaches,
  failureOf,
  flipAt,
  isNar,
  sourceOf,
  streamed,
  type ThreeCaches,
  treeOf,
} from './failover-support.ts'

let { caches, servers } = {} as ThreeCaches
beforeEach(async () => {
  ;({ caches, servers } = await createThreeCaches())
})

const FAULTS: readonly (readonly [string, Answer])[] = [
  ...[401, 403, 404, 410, 418, 500, 501, 503].map(status => [`answers ${status}`, sendStatus(status)] as const),
  ['answers with a page', (response, _, request) => sendFile(response, Buffer.from('<html>log in</html>'), request)],
  ['answers with nothing', sendBytes('')],
  ['flips a byte near the beginning', flipAt(0.001)],
  ['flips a byte in the middle', flipAt(0.5)],
  ['cuts the file', (response, file, request) => sendFile(response, file!.subarray(0, file!.length >> 1), request)],
  ['breaks off for good', cutAt(100)],
  ['resets', reset],
  ['stalls', stallAt(100)],
  [
    'has an encoding that nobody knows',
    (response, file) => void response.writeHead(200, { 'content-encoding': 'rot13' }).end(file),
  ],
  ['has another NAR', sendBytes(narOfTree({ contents: 'another' }))],
]

describe('a NAR that a cache does not give', () => {
  it.each(FAULTS)('is taken from the next that has it: the first %s', async (_, answer) => {
    const roots = [addClosure([caches[0]!, caches[2]!])]
    const expected = await streamed({ roots, source: sourceOf(servers[2]!), format: 'tar' })
    servers[0]!.bend = ({ path }) => (isNar(path) ? answer : undefined)
    const source = sourceOf(...servers)
    expect((await streamed({ roots, source, format: 'tar' })).equals(expected)).toBe(true)
  })

  it.each([
    ['none', 'tar', flipAt(0.99)],
    ['xz', 'tar', cutAt(5_000_000)],
    ['zstd', 'tar.xz', flipAt(0.99)],
  ] as const)('is verified before any of it is written, however long: %s', async (compression, format, answer) => {
    const roots = [addClosure([caches[0]!, caches[1]!], 9_000_000, { compression })]
    const spec = { roots, format, level: 0 } as const
    const expected = await streamed({ ...spec, source: sourceOf(servers[1]!) })
    servers[0]!.bend = ({ path }) => (isNar(path) ? answer : undefined)
    expect((await streamed({ ...spec, source: sourceOf(servers[0]!, servers[1]!) })).equals(expected)).toBe(true)
  })

  it('gives the same image from any order of caches', async () => {
    const roots = [addClosure(caches)]
    const expected = await streamed({ roots, source: sourceOf(servers[0]!), format: 'tar.xz' })
    servers[0]!.bend = ({ path }) => (path === narUrl(storePathOf('lib')) ? flipAt(0.5) : undefined)
    servers[1]!.bend = ({ path }) => (path === narUrl(storePathOf('base')) ? sendStatus(500) : undefined)
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0],
      [0, 1],
    ]) {
      const urls = order.map((n, i) => `${servers[n]!.url}?priority=${i}`)
      const spec = { roots, source: { ...sourceOf(), caches: urls }, format: 'tar.xz' } as const
      expect((await built(spec)).bytes.equals(expected)).toBe(true)
    }
  })

  it('is refused where no cache gives it, with what is wrong in each', async () => {
    const roots = [addClosure(caches)]
    const answers = [sendStatus(500), sendStatus(403), flipAt(0.5)]
    for (const [i, server] of servers.entries()) {
      server.bend = ({ path }) => (path === narUrl(storePathOf('lib')) ? answers[i] : undefined)
    }
    const error = await failureOf({ roots, source: sourceOf(...servers) })
    expect(error).toBeInstanceOf(NarFileError)
    expect(error).toMatchObject({ code: 'NAR_FILE_UNREADABLE', path: storePathOf('lib') })
    const [first, second, third] = error.message.split('\n')
    expect(first).toMatch(/lib: http:.*500.*no other place has it:$/)
    expect(first).toContain(servers[0]!.url)
    expect(second).toContain(servers[1]!.url)
    expect(second).toContain('403 Forbidden')
    expect(third).toContain(servers[2]!.url)
    expect(third).toMatch(/NAR of the hash|has the hash|the data is damaged/)
  })

  it('makes its cache be asked less, also one that is asked after another', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `path-${i}`)
    const roots = names.map(name => {
      for (const cache of caches) cache.add(name, treeOf(name, 100))
      return storePathOf(name)
    })
    for (const server of servers.slice(0, 2)) server.bend = ({ path }) => (isNar(path) ? sendStatus(401) : undefined)
    await streamed({ roots, source: sourceOf(...servers), format: 'tar' })
    for (const { requests } of servers.slice(0, 2)) {
      expect(requests.filter(({ path }) => isNar(path)).length).toBeLessThan(45)
    }
  })

  it('is fetched ahead from the next cache, several at a time', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `path-${i}`)
    const roots = names.map(name => {
      for (const cache of caches.slice(0, 2)) cache.add(name, treeOf(name, 100))
      return storePathOf(name)
    })
    servers[0]!.bend = ({ path }) => (isNar(path) ? sendStatus(404) : undefined)
    let [pending, most] = [0, 0]
    servers[1]!.bend = ({ path }) => {
      if (!isNar(path)) return undefined
      most = Math.max(most, ++pending)
      return (response, file, request) => {
        setTimeout(() => {
          pending--
          sendFile(response, file, request)
        }, 100)
      }
    }
    const spec = { roots, source: sourceOf(servers[0]!, servers[1]!), format: 'tar' } as const
    for await (const _ of build(spec, { workers: 1, cache: false }).stream()) {
    }
    expect(most).toBeGreaterThan(3)
  })

  it('is taken from a cache within which the other one lies', async () => {
    const inner = createBinaryCache(join(caches[0]!.folder, 'inner'), 'StoreDir: /nix/store\nPriority: 1\n')
    const roots = [addClosure([inner, caches[0]!])]
    const expected = await streamed({ roots, source: sourceOf(servers[0]!), format: 'tar' })
    servers[0]!.bend = ({ path }) => (path.startsWith('inner/nar/') ? sendStatus(501) : undefined)
    const source = { ...sourceOf(), caches: [servers[0]!.url, `${servers[0]!.url}inner`] }
    expect((await streamed({ roots, source, format: 'tar' })).equals(expected)).toBe(true)
  })

  it('is read for planning from where it can be had', async () => {
    const store = createNixosStore(temporaryFolder())
    for (const cache of caches) cache.addStore(store)
    const [name, toplevel] = ['nixos', store.toplevel]
    const expected = await built({ name, toplevel, source: sourceOf(servers[2]!), format: 'tar' })
    servers[0]!.bend = ({ path }) => (isNar(path) ? flipAt(0.5) : undefined)
    const { bytes } = await built({ name, toplevel, source: sourceOf(...servers), format: 'tar' })
    expect(bytes.equals(expected.bytes)).toBe(true)
  })
})

describe('a cache that is none', () => {
  it.each<[string, Answer]>([
    ['a page', sendBytes('<html>captive portal</html>')],
    ['nothing', sendStatus(404)],
    ['another store', sendBytes('StoreDir: /gnu/store\n')],
    ['an error', sendStatus(501)],
  ])('is left out, with a warning, where another has what is wanted: it has %s', async (_, answer) => {
    const roots = [addClosure(caches)]
    servers[0]!.bend = ({ path }) => (path === 'nix-cache-info' ? answer : undefined)
    const { warnings } = await built({ roots, source: sourceOf(servers[0]!, servers[1]!), format: 'tar' })
    expect(warnings).toEqual([expect.stringMatching(new RegExp(`^${servers[0]!.url}.*this cache is not used$`))])
  })
})

describe('a cache that fails at random', () => {
  /** Numbers between 0 and 1, the same for the same seed. */
  function numbersOf(seed: string): () => number {
    let count = 0
    return () => createHash('sha256').update(`${seed} ${count++}`).digest().readUInt32BE() / 2 ** 32
  }

  it.each([1, 2, 3])('gives the same image with a good one behind it: run %i', async run => {
    const seed = `${run} ${randomBytes(4).toString('hex')}`
    const names = Array.from({ length: 30 }, (_, i) => `path-${i}`)
    const roots = names.map((name, i) => {
      const references = i > 0 ? [storePathOf(`path-${i >> 1}`)] : []
      for (const cache of caches.slice(0, 2)) cache.add(name, treeOf(name, 2000 * i), { references })
      return storePathOf(name)
    })
    const expected = await streamed({ roots, source: sourceOf(servers[1]!), format: 'tar.xz' })
    const next = numbersOf(seed)
    servers[0]!.bend = () => {
      if (next() >= 0.2) return undefined
      const faults: Answer[] = [reset, sendStatus(500), sendStatus(503), stallAt(next() * 500), cutAt(next() * 500)]
      const fault = [...faults, flipAt(next())][Math.floor(next() * 6)]!
      return (response, file, request) => (file ? fault(response, file, request) : sendFile(response, file, request))
    }
    const source = { ...sourceOf(servers[0]!, servers[1]!), stallTimeout: 300 }
    const found = await streamed({ roots, source, format: 'tar.xz' })
    expect(found.equals(expected), `seed ${seed}`).toBe(true)
  })
})
