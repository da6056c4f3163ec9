import { createHash, randomBytes } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { planImage } from '../../../src/image/plan.ts'
import type { VerifyTask } from '../../../src/image/worker.ts'
import { build, type ImageSpec, NarFileError } from '../../../src/index.ts'
import { startThreads } from '../../../src/pool/index.ts'
import { openClosure } from '../../../src/store/index.ts'
import { openServer } from '../../../src/throttle/index.ts'
import {
  type Answer,
  type CacheServer,
  createBinaryCache,
  cutAt,
  hashOf,
  narUrl,
  type PackedOptions,
  reset,
  secretKey,
  sendBytes,
  sendFile,
  sendStatus,
  serveCache,
  stallAt,
  type TestCache,
} from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import { narOfTree, type Tree } from '../nix/nar-support.ts'

/** Caches of three servers, asked in this order. */
let caches: TestCache[]
let servers: CacheServer[]
beforeEach(async () => {
  const folder = temporaryFolder()
  caches = [10, 20, 30].map(priority =>
    createBinaryCache(join(folder, `${priority}`), `StoreDir: /nix/store\nPriority: ${priority}\n`),
  )
  servers = await Promise.all(caches.map(cache => serveCache(cache.folder)))
})

const sourceOf = (...some: CacheServer[]) => ({
  caches: some.map(({ url }) => url),
  trustedPublicKeys: caches[0]!.source.trustedPublicKeys!,
  stallTimeout: 500,
})

/** The bytes of an image, as a stream. */
async function streamed(spec: ImageSpec): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of build(spec, { workers: 2, cache: false }).stream()) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The bytes of an image, as a file; its warnings. */
async function built(spec: ImageSpec) {
  const out = join(temporaryFolder(), 'out')
  const { image, warnings } = await build({ name: 'x', ...spec }, { workers: 2, cache: false }).toFolder(out)
  return { bytes: readFileSync(image), warnings: warnings.map(({ message }) => message) }
}

async function failureOf(spec: ImageSpec): Promise<Error & { code?: string; path?: string }> {
  const out = temporaryFolder()
  const error = await build({ name: 'x', ...spec }, { workers: 2, cache: false })
    .toFolder(out)
    .then(
      () => new Error('it was built'),
      (error: Error) => error,
    )
  expect(readdirSync(out)).toEqual([])
  return error
}

/** A tree of so many bytes that do not compress; the same for the same seed. */
function treeOf(seed: string, size: number): Tree {
  const parts: Buffer[] = []
  for (let i = 0; i * 64 < size; i++) parts.push(createHash('sha512').update(`${seed} ${i}`).digest())
  return { children: { file: { contents: Buffer.concat(parts).subarray(0, size).toString('latin1') } } }
}

/** The same store paths for any caches: a root with two others in its closure. Resolves to the root. */
function addClosure(to: readonly TestCache[], size = 50_000, options: PackedOptions = {}): string {
  for (const cache of to) {
    cache.add('lib', treeOf('lib', size), options)
    cache.add('base', treeOf('base', 3000), options)
    cache.add('app', treeOf('app', 1000), { ...options, references: [storePathOf('lib'), storePathOf('base')] })
  }
  return storePathOf('app')
}

const isNar = (path: string) => path.startsWith('nar/')
const flipAt = (share: number): Answer => {
  return (response, file, request) => {
    const flipped = Buffer.from(file!)
    flipped[Math.floor((flipped.length - 1) * share)]! ^= 0x10
    sendFile(response, flipped, request)
  }
}

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
    expect(first).toMatch(/lib: http:.*500.*nor is it to be had elsewhere:$/)
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

describe('another build of a store path', () => {
  /** The image of the first cache with the store path `lib` of the second. */
  async function expectOtherBuild(format: 'tar' | 'tar.xz'): Promise<void> {
    const roots = [addClosure([caches[0]!])]
    const extra = { references: [storePathOf('zlib')] }
    caches[1]!.add('lib', treeOf('another', 6_000_000), extra)
    caches[1]!.add('zlib', treeOf('zlib', 500))
    addClosure([caches[2]!])
    caches[2]!.add('lib', treeOf('another', 6_000_000), extra)
    caches[2]!.add('zlib', treeOf('zlib', 500))
    const expected = await streamed({ roots, source: sourceOf(servers[2]!), format })
    servers[0]!.bend = ({ path }) => (path === narUrl(storePathOf('lib')) ? flipAt(0.5) : undefined)
    const spec = { roots, source: sourceOf(servers[0]!, servers[1]!), format }
    expect((await streamed(spec)).equals(expected)).toBe(true)
    const { bytes, warnings } = await built(spec)
    expect(bytes.equals(expected)).toBe(true)
    expect(warnings).toEqual([expect.stringMatching(/lib: .*another build of it is used/s)])
  }

  it.each(['tar', 'tar.xz'] as const)('is taken where no cache gives the first: %s', async format => {
    await expectOtherBuild(format)
  })

  it('is taken only from who is trusted, and named', async () => {
    const roots = [addClosure([caches[0]!])]
    caches[1]!.add('lib', treeOf('another', 9000), { key: secretKey('stranger-1', 3) })
    servers[0]!.bend = ({ path }) => (path === narUrl(storePathOf('lib')) ? sendStatus(500) : undefined)
    const error = await failureOf({ roots, source: sourceOf(servers[0]!, servers[1]!) })
    expect(error).toMatchObject({ code: 'NAR_FILE_UNREADABLE', path: storePathOf('lib') })
    expect(error.message).toContain(servers[0]!.url)
    expect(error.message).toMatch(new RegExp(`${servers[1]!.url}.*signed by stranger-1`))
  })

  it('that cannot be had either ends the build, with what is wrong with both', async () => {
    const roots = [addClosure([caches[0]!])]
    caches[1]!.add('lib', treeOf('another', 9000))
    for (const [i, status] of [500, 501].entries()) {
      servers[i]!.bend = ({ path }) => (path === narUrl(storePathOf('lib')) ? sendStatus(status) : undefined)
    }
    const error = await failureOf({ roots, source: sourceOf(servers[0]!, servers[1]!) })
    expect(error.message).toMatch(new RegExp(`${servers[0]!.url}.*500.*\n.*${servers[1]!.url}.*501`))
  })

  it('is asked for though a thread was terminated that had the only turn of the server', async () => {
    for (const [i, contents] of ['one', 'two'].entries()) caches[i]!.add('path', { contents })
    const path = storePathOf('path')
    const { closure } = await openClosure(sourceOf(servers[0]!, servers[1]!), [path])
    openServer(closure.supply.access.throttle!, new URL(servers[0]!.url).origin).update(state => {
      state.window = 1
    })
    const asked = Promise.withResolvers<void>()
    servers[0]!.bend = ({ path }) => (isNar(path) ? () => asked.resolve() : undefined)
    const threads = startThreads(
      new URL('../../../src/image/worker.ts', import.meta.url),
      1,
      new AbortController().signal,
    )
    const segments = planImage(closure, []).batches.flatMap(batch => batch.segments)
    const task: VerifyTask = { segments, supply: closure.supply }
    const job = threads.run('verify', task)
    await asked.promise
    await Promise.all([expect(job).rejects.toThrow(), threads.stop()])
    const fault = new NarFileError('NAR_FILE_MISSING', path, `${servers[0]!.url}nar`, 'gone')
    const [other] = planImage(await closure.otherBuild!(fault), []).batches
    expect(other!.segments[0]!.narHash).toBe(hashOf(narOfTree({ contents: 'two' })))
  })

  it('that would change what is in front of it is built into a folder, and refused in a stream', async () => {
    const names = Array.from({ length: 20 }, (_, i) => storePathOf(`long-${i}`)).sort()
    const [last, first] = [names.pop()!, names.shift()!]
    for (const path of names) caches[0]!.addNar(path, narOfTree(treeOf(path, 5_000_000)), { compression: 'none' })
    caches[0]!.addNar(last, narOfTree({ contents: 'one' }))
    const other = narOfTree({ contents: 'two' })
    caches[1]!.addNar(last, other, { references: [first] })
    caches[1]!.addNar(first, narOfTree({ contents: 'first' }))
    servers[0]!.bend = ({ path }) => (path === narUrl(last) ? sendStatus(501) : undefined)
    const spec = { roots: [...names, last], source: sourceOf(servers[0]!, servers[1]!), format: 'tar' } as const
    const { bytes } = await built(spec)
    expect(bytes.includes(first.slice(1))).toBe(true)
    expect(hashOf(bytes)).toBe(hashOf((await built(spec)).bytes))
    const slow = async () => {
      for await (const _ of build(spec, { workers: 1 }).stream()) await new Promise(resolve => setTimeout(resolve, 20))
    }
    await expect(slow()).rejects.toMatchObject({ code: 'STREAM_OUTDATED', path: last })
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

  it.each([1, 2, 3, 4, 5, 6])('gives the same image with a good one behind it: run %i', async run => {
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
