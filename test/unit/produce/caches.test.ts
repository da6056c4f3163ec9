import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { build, type Progress, VERSION } from '../../../src/index.ts'
import { narHashBytes, type StorePath, storePathOfContentAddress } from '../../../src/nix/index.ts'
import {
  type CacheServer,
  createBinaryCache,
  cutAt,
  hashOf,
  narUrl,
  type PackedOptions,
  reset,
  sendFile,
  sendStatus,
  serveCache,
  stallAt,
  type TestCache,
} from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import { narOfTree } from '../nix/nar-support.ts'
import { failureOf, TREE, tarOf } from './caches-support.ts'

let cache: TestCache
beforeEach(() => {
  cache = createBinaryCache(join(temporaryFolder(), 'cache'))
})

describe('an image from a binary cache', () => {
  it('is the same whatever a cache leaves out or puts in another way', async () => {
    const nar = narOfTree(TREE)
    const [a, b] = [storePathOf('a'), storePathOf('b')]
    cache.addNar(a, nar)
    cache.addNar(b, nar, { references: [a, b] })
    const plain = await tarOf({ roots: [b], source: cache.source })
    const base16 = `sha256:${Buffer.from(narHashBytes(hashOf(nar))).toString('hex')}`
    const sri = `sha256-${Buffer.from(narHashBytes(hashOf(nar))).toString('base64')}`
    const ways: ((narInfo: string) => string)[] = [
      narInfo => narInfo.replace(/File(Hash|Size): .*\n/g, ''),
      narInfo => narInfo.replace(/NarHash: .*/, `NarHash: ${base16}`),
      narInfo => narInfo.replace(/NarHash: .*/, `NarHash: ${sri}`),
      narInfo => `${narInfo}Deriver: unknown-deriver\nSomething: else\n`,
      narInfo => narInfo.replace(/References: (\S+) (\S+)/, 'References: $2 $1'),
    ]
    for (const way of ways) {
      cache.addNar(a, nar, { text: way })
      cache.addNar(b, nar, { references: [a, b], text: way })
      expect((await tarOf({ roots: [b], source: cache.source })).equals(plain)).toBe(true)
    }
  })

  it('is the same where a server says of everything, though it is not so, that it is encoded', async () => {
    const path = cache.add('path', TREE)
    const server = await serveCache(cache.folder, () => (response, file) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': file!.length }).end(file)
    })
    const plain = await tarOf({ roots: [path], source: cache.source })
    expect((await tarOf({ roots: [path], source: server.source })).equals(plain)).toBe(true)
  })

  it('takes paths that are named after their contents without a signature', async () => {
    const contents = 'a text'
    const nar = narOfTree({ contents })
    const digest = (bytes: Uint8Array) => narHashBytes(hashOf(bytes))
    const hash = (bytes: Uint8Array) => hashOf(bytes).slice('sha256:'.length)
    const file = Buffer.from(contents)
    const addressed: [StorePath, string][] = (
      [
        ['text', 'text:sha256', file],
        ['flat', 'fixed:sha256', file],
        ['nar', 'fixed:r:sha256', nar],
      ] as const
    ).map(([method, ca, hashed]) => [
      storePathOfContentAddress(`by-${method}`, { method, algorithm: 'sha256', digest: digest(hashed) }, [], false)!,
      `${ca}:${hash(hashed)}`,
    ])
    for (const [path, ca] of addressed) {
      cache.addNar(path.path, nar, { key: null, claim: info => ({ ...info, ca }) })
      expect((await tarOf({ roots: [path.path], source: cache.source })).includes(path.baseName)).toBe(true)
      // The address fits the name, and the contents do not fit the address.
      cache.addNar(path.path, narOfTree({ contents: 'b text' }), { key: null, claim: info => ({ ...info, ca }) })
      const error = await failureOf(cache.source, path.path)
      expect(error.code).toMatch(/^(CONTENT_MISMATCH|PATH_UNTRUSTED)$/)
      expect(error.message).toContain(path.path)
    }
  })

  it('needs no signature if that is asked for', async () => {
    const path = cache.add('path', TREE, { key: null })
    const source = { ...cache.source, requireSignatures: false }
    expect((await tarOf({ roots: [path], source })).includes('bin/tool')).toBe(true)
  })

  it('is taken from the cache of the lowest priority, and where a file is missing, from the next', async () => {
    const path = cache.add('path', TREE)
    const info = 'StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 30\n'
    writeFileSync(join(cache.folder, 'nix-cache-info'), info)
    const other = createBinaryCache(join(temporaryFolder(), 'other'), 'StoreDir: /nix/store\nPriority: 10\n')
    other.add('path', TREE, { compression: 'gzip' })
    const [first, second] = [await serveCache(other.folder), await serveCache(cache.folder)]
    const source = { ...cache.source, caches: [second.url, first.url] }
    const tar = await tarOf({ roots: [path], source })
    expect(second.requests.map(request => request.path)).toEqual(['nix-cache-info'])
    first.bend = ({ path }) => (path.startsWith('nar/') ? sendStatus(404) : undefined)
    expect((await tarOf({ roots: [path], source })).equals(tar)).toBe(true)
    expect(second.requests.some(request => request.path.startsWith('nar/'))).toBe(true)
    first.bend = ({ path }) => (path.endsWith('.narinfo') ? sendStatus(404) : undefined)
    expect((await tarOf({ roots: [path], source })).equals(tar)).toBe(true)
    // What the URL says of the priority counts more.
    second.bend = ({ path }) => (path.startsWith('nar/') ? sendStatus(500) : undefined)
    first.bend = () => undefined
    expect(
      (await tarOf({ roots: [path], source: { ...source, caches: [`${second.url}?priority=20`, first.url] } })).equals(
        tar,
      ),
    ).toBe(true)
  })

  it('comes from the caches that can be reached, and from one that has it right', async () => {
    const path = cache.add('path', TREE)
    const other = createBinaryCache(join(temporaryFolder(), 'other'), 'StoreDir: /nix/store\nPriority: 10\n')
    other.add('path', TREE, { text: text => `${text}CA: fixed:r:sha256:zzz\n` })
    const [down, wrong, right] = [
      await serveCache(cache.folder, () => sendStatus(501)),
      await serveCache(other.folder),
      await serveCache(cache.folder),
    ]
    const source = { ...cache.source, caches: [down.url, wrong.url, right.url] }
    expect((await tarOf({ roots: [path], source })).includes('bin/tool')).toBe(true)
    // The file may be in the last of them, too.
    right.bend = ({ path }) => (path.startsWith('nar/') ? sendStatus(404) : undefined)
    const last = await serveCache(cache.folder)
    const four = { ...source, caches: [...source.caches, last.url] }
    expect((await tarOf({ roots: [path], source: four })).includes('bin/tool')).toBe(true)
    expect(wrong.requests.some(request => request.path.endsWith('.narinfo'))).toBe(true)
    expect(await failureOf({ ...source, caches: [down.url] }, path)).toMatchObject({ code: 'CACHE_UNREADABLE' })
  })

  it.each<[string, (path: string) => CacheServer['bend']]>([
    [
      'resets every second connection',
      () =>
        ({ before }) =>
          before % 2 === 0 ? reset : undefined,
    ],
    [
      'goes away in the middle of each file and returns',
      path => request =>
        request.path === narUrl(path) && request.before < 3 ? cutAt(1000 * (request.before + 1)) : undefined,
    ],
    [
      'answers 503 at first',
      () =>
        ({ before }) =>
          before === 0 ? sendStatus(503) : undefined,
    ],
    [
      'has its files elsewhere',
      () =>
        ({ path }) =>
          /^nar\//.test(path) ? sendStatus(302, { location: `/moved/../${path}?again` }) : undefined,
    ],
  ])('comes through when the server %s', async (name, bend) => {
    const path = cache.add('path', TREE)
    const tar = await tarOf({ roots: [path], source: cache.source })
    const server = await serveCache(cache.folder)
    server.bend = bend(path)
    if (name.includes('elsewhere')) {
      const inner = server.bend
      server.bend = request =>
        request.path.endsWith('?again')
          ? (response, _, incoming) => sendFile(response, readFileSync(join(cache.folder, narUrl(path))), incoming)
          : inner(request)
    }
    expect((await tarOf({ roots: [path], source: server.source })).equals(tar)).toBe(true)
  })

  it.each<[string, PackedOptions['claim']]>([
    ['hash', info => ({ ...info, fileHash: hashOf(Buffer.of(1)) })],
    ['length, which is shorter', info => ({ ...info, fileSize: 100 })],
    ['length, which is longer', info => ({ ...info, fileSize: info.fileSize! * 1000 })],
  ])('is taken for its NAR hash, whatever nobody signs for: another file %s', async (_, claim) => {
    const roots = ['a', 'b'].map(name => cache.add(name, TREE))
    const tar = await tarOf({ roots, source: cache.source })
    for (const name of ['a', 'b']) cache.add(name, TREE, { claim })
    const { url } = await serveCache(cache.folder)
    const spec = { roots, source: { ...cache.source, caches: [url] }, name: 'x', format: 'tar' } as const
    expect((await tarOf(spec)).equals(tar)).toBe(true)
    const told: Progress[] = []
    const out = join(temporaryFolder(), 'out')
    const { warnings } = await build(spec, { workers: 2 })
      .on('progress', progress => told.push(progress))
      .toFolder(out)
    expect(warnings).toMatchObject([{ code: 'CACHE_MISLABELLED', path: url }])
    const { bytesDone = 0, bytesTotal = 0 } = told.at(-1)!.fetched!
    expect(bytesTotal).toBeGreaterThanOrEqual(bytesDone)
  })

  it('is taken for its NAR hash where file hash and file length are malformed, from a cache without a priority', async () => {
    const path = cache.add('path', TREE)
    const tar = await tarOf({ roots: [path], source: cache.source })
    const other = createBinaryCache(
      join(temporaryFolder(), 'other'),
      'nonsense\nStoreDir: /nix/store\nPriority: high\n',
    )
    other.add('path', TREE, {
      text: info => info.replace(/^FileHash: .*/m, 'FileHash: sha256:zzz').replace(/^FileSize: .*/m, 'FileSize: -5'),
    })
    expect((await tarOf({ roots: [path], source: other.source })).equals(tar)).toBe(true)
  })

  it('is allowed to whom the server wants, and only there', async () => {
    const path = cache.add('path', TREE)
    const elsewhere = await serveCache(cache.folder)
    const server = await serveCache(cache.folder, ({ path, authorization }) => {
      if (authorization !== 'Bearer secret') return sendStatus(401)
      return path.startsWith('nar/') ? sendStatus(302, { location: `${elsewhere.url}${path}` }) : undefined
    })
    const tokens = [{ url: server.url, token: 'secret' }]
    expect((await tarOf({ roots: [path], source: { ...server.source, tokens } })).includes('bin/tool')).toBe(true)
    expect(elsewhere.requests.map(request => request.authorization)).toEqual([undefined])
    expect(new Set(server.requests.map(request => request.userAgent))).toEqual(new Set([`nspawn-rootfs/${VERSION}`]))
    expect(await failureOf(server.source, path)).toMatchObject({ message: expect.stringContaining(server.url) })
    server.bend = ({ authorization }) => (authorization === `Basic ${btoa('me:pass')}` ? undefined : sendStatus(401))
    const netrcText = 'machine 127.0.0.1 login me password pass\n'
    expect((await tarOf({ roots: [path], source: { ...server.source, netrcText } })).includes('bin/tool')).toBe(true)
  })

  it('tells how much is fetched, to the last byte', async () => {
    const store = createNixosStore(temporaryFolder())
    cache.addStore(store)
    const told: number[] = []
    let total: number | undefined
    await build({ toplevel: store.toplevel, source: cache.source, format: 'tar' })
      .on('progress', ({ fetched }) => {
        told.push(fetched!.bytesDone)
        total = fetched!.bytesTotal
      })
      .toFolder(temporaryFolder())
    expect(told).toEqual([...told].sort((a, b) => a - b))
    expect(told.at(-1)).toBe(total)
  })

  it.each(['planned', 'packed'])('frees its connections when it is aborted while it is %s', async when => {
    const path = cache.add('path', TREE)
    const server = await serveCache(cache.folder)
    const controller = new AbortController()
    const reason = new Error('enough')
    server.bend = ({ path }) => {
      if (!path.startsWith('nar/')) return undefined
      setImmediate(() => controller.abort(reason))
      return stallAt(100)
    }
    const out = join(temporaryFolder(), 'out')
    const wanted = when === 'planned' ? { toplevel: path } : { roots: [path] }
    const built = build({ ...wanted, source: server.source, name: 'x' }, { signal: controller.signal }).toFolder(out)
    await expect(built).rejects.toBe(reason)
    await expect.poll(() => server.sockets.size).toBe(0)
  })
})
