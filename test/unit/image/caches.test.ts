import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { xz } from '@napi-rs/lzma'
import { beforeEach, describe, expect, it } from 'vitest'
import { build, type ClosureSource, type ImageSpec, type Progress, VERSION } from '../../../src/index.ts'
import {
  type NarInfo,
  narHashBytes,
  parseStorePath,
  type StorePath,
  storePathOfContentAddress,
} from '../../../src/nix/index.ts'
import { encodeNarStrings } from '../../../src/nix/nar.ts'
import {
  type CacheServer,
  COMPRESSIONS,
  createBinaryCache,
  cutAt,
  hashOf,
  narUrl,
  type PackedOptions,
  reset,
  secretKey,
  sendBytes,
  sendEndless,
  sendFile,
  sendStatus,
  serveCache,
  stallAt,
  type TestCache,
} from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'
import { narOfTree, type Tree } from '../nix/nar-support.ts'

const programs = needs('bzip2', 'lz4', 'lzip')
const xzProgram = needs('xz')

/** Some data that compresses, and is not the same everywhere. */
const text = Array.from({ length: 20_000 }, (_, i) => (i * i).toString(36)).join(' ')
const tree: Tree = {
  children: { bin: { children: { tool: { contents: text, executable: true } } }, link: { symlink: 'bin' } },
}

let cache: TestCache
beforeEach(() => {
  cache = createBinaryCache(join(temporaryFolder(), 'cache'))
})

/** The tar of an image as one buffer. */
async function tarOf(spec: ImageSpec): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of build({ format: 'tar', ...spec }, { workers: 2 }).stream()) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** Builds what must fail, and sees that nothing is left. */
async function failureOf(
  source: ClosureSource,
  root: string,
): Promise<Error & { code?: string; path?: string; url?: string }> {
  const out = join(temporaryFolder(), 'new', 'out')
  const error = await build({ roots: [root], source, name: 'x', format: 'tar' }, { workers: 2 })
    .toFolder(out)
    .then(
      () => new Error('it was built'),
      (error: Error) => error,
    )
  expect(readdirSync(join(out, '../..'))).toEqual([])
  return error
}

/** The failure of a cache with one path, put there with these options. */
async function failureWith(options: PackedOptions, nar: Uint8Array = narOfTree(tree)) {
  const path = storePathOf('path')
  cache.addNar(path, nar, options)
  return { path, error: await failureOf(cache.source, path) }
}

describe('an image from a binary cache', () => {
  it.skipIf(programs.skip).each(COMPRESSIONS)(
    `is the same as from a store: %s${programs.because}`,
    async compression => {
      const store = createNixosStore(temporaryFolder())
      const extra = store.add('extra', tree)
      cache.addStore(store, { compression })
      const spec = { toplevel: store.toplevel, roots: [extra] }
      const local = await tarOf({ ...spec, source: store.source })
      const server = await serveCache(cache.folder)
      // The chroot store of the test lists paths that the closure need not hold.
      const [fromDisk, fromServer] = await Promise.all([
        tarOf({ ...spec, source: cache.source }),
        tarOf({ ...spec, source: server.source }),
      ])
      expect(fromServer.equals(fromDisk)).toBe(true)
      expect(fromServer.equals(local)).toBe(true)
    },
  )

  it('is the same whatever a cache leaves out or puts in another way', async () => {
    const nar = narOfTree(tree)
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
    const path = cache.add('path', tree)
    const server = await serveCache(cache.folder, () => (response, file) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': file!.length }).end(file)
    })
    const plain = await tarOf({ roots: [path], source: cache.source })
    expect((await tarOf({ roots: [path], source: server.source })).equals(plain)).toBe(true)
  })

  it.skipIf(programs.skip)(`takes no compression for bzip2${programs.because}`, async () => {
    const path = cache.add('path', tree, {
      compression: 'bzip2',
      text: text => text.replace('Compression: bzip2\n', ''),
    })
    expect((await tarOf({ roots: [path], source: cache.source })).includes('bin/tool')).toBe(true)
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
    const path = cache.add('path', tree, { key: null })
    const source = { ...cache.source, requireSignatures: false }
    expect((await tarOf({ roots: [path], source })).includes('bin/tool')).toBe(true)
  })

  it('is taken from the cache of the lowest priority, and where a file is missing, from the next', async () => {
    const path = cache.add('path', tree)
    const info = 'StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 30\n'
    writeFileSync(join(cache.folder, 'nix-cache-info'), info)
    const other = createBinaryCache(join(temporaryFolder(), 'other'), 'StoreDir: /nix/store\nPriority: 10\n')
    other.add('path', tree, { compression: 'gzip' })
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
    const path = cache.add('path', tree)
    const other = createBinaryCache(join(temporaryFolder(), 'other'), 'StoreDir: /nix/store\nPriority: 10\n')
    other.add('path', tree, { text: text => `${text}CA: fixed:r:sha256:zzz\n` })
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
    const path = cache.add('path', tree)
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
    const roots = ['a', 'b'].map(name => cache.add(name, tree))
    const tar = await tarOf({ roots, source: cache.source })
    for (const name of ['a', 'b']) cache.add(name, tree, { claim })
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
    const path = cache.add('path', tree)
    const tar = await tarOf({ roots: [path], source: cache.source })
    const other = createBinaryCache(
      join(temporaryFolder(), 'other'),
      'nonsense\nStoreDir: /nix/store\nPriority: high\n',
    )
    other.add('path', tree, {
      text: info => info.replace(/^FileHash: .*/m, 'FileHash: sha256:zzz').replace(/^FileSize: .*/m, 'FileSize: -5'),
    })
    expect((await tarOf({ roots: [path], source: other.source })).equals(tar)).toBe(true)
  })

  it('is allowed to whom the server wants, and only there', async () => {
    const path = cache.add('path', tree)
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
    const path = cache.add('path', tree)
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

  const skippable = Buffer.from('512a4d180300000058595a', 'hex')
  const halves = (bytes: Uint8Array) => [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)]
  const run = (...args: string[]) => {
    return (input: Uint8Array) => execFileSync('xz', args, { input, maxBuffer: Number.POSITIVE_INFINITY })
  }
  it.skipIf(xzProgram.skip).each<[string, 'xz' | 'zst', number, (nar: Uint8Array) => Uint8Array]>([
    ['of several frames', 'zst', 1, nar => Buffer.concat(halves(nar).map(half => zstdCompressSync(half)))],
    [
      'of frames between others that are skipped',
      'zst',
      1,
      nar => Buffer.concat([skippable, ...halves(nar).flatMap(half => [zstdCompressSync(half), skippable])]),
    ],
    ['with SHA-256 checks', 'xz', 1, run('-0', '--check=sha256')],
    ['with SHA-256 checks', 'xz', 10, run('-0', '--check=sha256', '--block-size=400000')],
    ['with filters', 'xz', 10, run('--x86', '--delta', '--lzma2=preset=0')],
    ['of several streams', 'xz', 10, nar => Buffer.concat(halves(nar).map(run('-0')))],
  ])(`comes from files %s, too: .nar.%s, %i times a text${xzProgram.because}`, async (_, ending, times, pack) => {
    const path = storePathOf('path')
    const nar = narOfTree({ contents: text.repeat(times) })
    const file = pack(nar)
    cache.addNar(path, nar)
    const tar = await tarOf({ roots: [path], source: cache.source })
    const claim = ({ fileHash: _, fileSize: __, ...info }: NarInfo): NarInfo => info
    cache.addNar(path, nar, { compression: ending === 'xz' ? 'xz' : 'zstd', claim, spoil: () => file })
    expect((await tarOf({ roots: [path], source: cache.source })).equals(tar)).toBe(true)
    const narFile = join(temporaryFolder(), `x.nar.${ending}`)
    writeFileSync(narFile, file)
    expect((await tarOf({ roots: [path], source: { narFiles: { [path]: narFile } } })).equals(tar)).toBe(true)
    cache.addNar(path, nar, {
      compression: ending === 'xz' ? 'xz' : 'zstd',
      claim: info => ({ ...claim(info), narSize: 5000 }),
      spoil: () => file,
    })
    const error = await failureOf(cache.source, path)
    expect(error).toMatchObject({ path, message: expect.stringContaining('more than') })
  })

  it.each(['', '.xz', '.zst', '.gz', '.br'])('comes from files of NARs, too: .nar%s', async ending => {
    const [a, b] = [storePathOf('a'), storePathOf('b')]
    const nars = { [a]: narOfTree(tree), [b]: narOfTree({ symlink: `${a}/bin` }) }
    cache.addNar(a, nars[a])
    cache.addNar(b, nars[b], { references: [a] })
    const pack = {
      '': (bytes: Uint8Array) => bytes,
      '.xz': xz.compressSync,
      '.zst': zstdCompressSync,
      '.gz': gzipSync,
      '.br': brotliCompressSync,
    }
    const folder = temporaryFolder()
    const narFiles = Object.fromEntries(
      Object.entries(nars).map(([path, nar], i) => {
        const file = join(folder, `${i}.nar${ending}`)
        writeFileSync(file, pack[ending as keyof typeof pack](nar))
        return [path, file]
      }),
    )
    const tar = await tarOf({ roots: [b], source: cache.source })
    expect((await tarOf({ roots: [b], source: { narFiles } })).equals(tar)).toBe(true)
  })
})

describe('a cache is refused', () => {
  const other = secretKey('other-1', 9)

  it.each<[string, PackedOptions, string, RegExp]>([
    ['without a signature', { key: null }, 'PATH_UNTRUSTED', /not signed/],
    ['signed by another', { key: other }, 'PATH_UNTRUSTED', /signed by other-1, and trusted is cache\.test-1/],
    ['signed with another key of that name', { key: secretKey('cache.test-1', 8) }, 'PATH_UNTRUSTED', /is wrong/],
    [
      'with the signature of another path',
      {
        claim: info => ({ ...info, path: parseStorePath(storePathOf('x')) }),
        forge: info => ({ ...info, path: parseStorePath(storePathOf('path')) }),
      },
      'PATH_UNTRUSTED',
      /is wrong/,
    ],
    [
      'about another path',
      { forge: info => ({ ...info, path: parseStorePath(storePathOf('x')) }) },
      'CACHED_NARINFO_INVALID',
      /about another store path/,
    ],
    ['with a cut narinfo', { text: text => text.slice(0, 90) }, 'CACHED_NARINFO_INVALID', /narinfo/],
    [
      'whose NAR is larger than it says',
      { claim: info => ({ ...info, narSize: info.narSize - 8 }) },
      'NAR_FILE_CORRUPT',
      /more than the/,
    ],
    [
      'whose NAR is smaller than it says',
      { claim: info => ({ ...info, narSize: info.narSize + 8 }) },
      'NAR_FILE_CORRUPT',
      /where there should be/,
    ],
    [
      'whose NAR is another one',
      { claim: info => ({ ...info, narHash: hashOf(Buffer.of(1)) }) },
      'NAR_HASH_MISMATCH',
      /do not match/,
    ],
    ['with a file cut off', { spoil: file => file.subarray(0, -20) }, 'NAR_FILE_MISMATCH', /has \d+ bytes, not/],
    [
      'with a compression nobody knows',
      { compression: 'br', claim: info => ({ ...info, compression: 'lrzip' }) },
      'COMPRESSION_UNSUPPORTED',
      /its compression, lrzip, is not supported \(supported: none, xz.*; give another cache/,
    ],
    [
      'with a file of this machine',
      { claim: info => ({ ...info, url: 'ftp://x/y' }) },
      'CACHED_NARINFO_INVALID',
      /no place/,
    ],
    [
      'with a reference to nowhere',
      { references: [storePathOf('nowhere'), storePathOf('path')] },
      'PATH_NOT_CACHED',
      /nowhere: not in file:/,
    ],
  ])('%s', async (_, options, code, message) => {
    const { error, path } = await failureWith(options)
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
    expect(error.message).toContain(code === 'PATH_NOT_CACHED' ? storePathOf('nowhere') : path)
    expect(error.message).toContain('file:///')
  })

  it.skipIf(programs.skip).each(COMPRESSIONS)(
    `with one byte flipped in a file: %s${programs.because}`,
    async compression => {
      const spoil = (file: Uint8Array) => file.map((byte, i) => (i === Math.floor(file.length / 2) ? byte ^ 4 : byte))
      for (const claim of [undefined, (info: object) => ({ ...info, fileHash: undefined })]) {
        const { error, path } = await failureWith({ compression, spoil, claim: claim as PackedOptions['claim'] })
        expect(error.code).toMatch(/^(NAR_FILE_CORRUPT|NAR_FILE_MISMATCH|NAR_HASH_MISMATCH)$/)
        expect(error.message).toContain(path)
        expect(error.message).toContain('file:///')
      }
    },
  )

  const node = (name: string) =>
    encodeNarStrings('entry', '(', 'name', name, 'node', '(', 'type', 'symlink', 'target', 'x', ')', ')')
  const directory = (...names: string[]) =>
    Buffer.concat([
      encodeNarStrings('nix-archive-1', '(', 'type', 'directory'),
      ...names.map(node),
      encodeNarStrings(')'),
    ])
  it.each([
    ['..', ['..']],
    ['.', ['.']],
    ['a slash', ['a/b']],
    ['a NUL', ['a\0b']],
    ['an empty name', ['']],
    ['a name twice', ['a', 'a']],
    ['names out of order', ['b', 'a']],
  ])('for a NAR with %s, though it is signed and its hash is right', async (_, names) => {
    const { error, path } = await failureWith({}, directory(...names))
    expect(error).toMatchObject({ code: 'NAR_FILE_CORRUPT', path, message: expect.stringContaining('file:///') })
  })

  it.skipIf(programs.skip).each(COMPRESSIONS.filter(compression => compression !== 'none'))(
    `for a file that unpacks to far more than it says: %s${programs.because}`,
    async compression => {
      // 60 MB of zeros.
      const bomb = narOfTree({ contents: '\0'.repeat(60_000_000) })
      const { error, path } = await failureWith({ compression, claim: info => ({ ...info, narSize: 5000 }) }, bomb)
      // Such zeros take these more bytes than a NAR of 5000.
      const isLarge = compression === 'gzip' || compression === 'lz4'
      const [code, said] = isLarge ? ['MISMATCH', /more than 70586/] : ['CORRUPT', /more than the 5000/]
      expect(error).toMatchObject({ code: `NAR_FILE_${code}`, path, message: expect.stringMatching(said) })
    },
  )

  it.each<[string, string, CacheServer['bend'], string, RegExp]>([
    ['that is none', 'nix-cache-info', () => sendStatus(404), 'CACHE_INVALID', /no nix-cache-info/],
    [
      'of another store',
      'nix-cache-info',
      () => sendBytes('StoreDir: /other/store\n'),
      'CACHE_INVALID',
      /\/other\/store/,
    ],
    [
      'with an endless nix-cache-info',
      'nix-cache-info',
      () => sendEndless(Buffer.alloc(65536, 'x')),
      'CACHE_UNREADABLE',
      /more than/,
    ],
    [
      'with a narinfo of 100 MB',
      '.narinfo',
      () => sendBytes(Buffer.alloc(100_000_000, 'x')),
      'CACHE_UNREADABLE',
      /more than/,
    ],
    [
      'with an endless narinfo',
      '.narinfo',
      () => sendEndless(Buffer.alloc(65536, 'x')),
      'CACHE_UNREADABLE',
      /more than/,
    ],
    [
      'whose narinfos lead in a circle',
      '.narinfo',
      ({ path }) => sendStatus(302, { location: `/${path}` }),
      'CACHE_UNREADABLE',
      /redirect/,
    ],
    [
      'whose files lead in a circle',
      'nar/',
      ({ path }) => sendStatus(302, { location: `/${path}` }),
      'NAR_FILE_UNREADABLE',
      /redirect/,
    ],
    ['whose files are cut for good', 'nar/', () => cutAt(100), 'NAR_FILE_UNREADABLE', /100/],
    [
      'whose files never end',
      'nar/',
      () => sendEndless(Buffer.alloc(65536, 'x')),
      'NAR_FILE_',
      /more than|cannot be unpacked/,
    ],
    ['whose server stalls', 'nar/', () => stallAt(100), 'NAR_FILE_UNREADABLE', /./],
    ['whose server fails', 'nar/', () => sendStatus(501), 'NAR_FILE_UNREADABLE', /501/],
    ['whose files are not there', 'nar/', () => sendStatus(404), 'NAR_FILE_MISSING', /no such file/],
  ])('%s', async (_, part, bend, code, message) => {
    const path = cache.add('path', tree)
    const server = await serveCache(cache.folder, request => (request.path.includes(part) ? bend(request) : undefined))
    const error = await failureOf({ ...server.source, stallTimeout: 100 }, path)
    expect(error).toMatchObject({ code: expect.stringContaining(code), message: expect.stringMatching(message) })
    expect(error.message).toContain(server.url)
    if (part !== 'nix-cache-info') expect(error.message).toContain(path)
  })

  it('that can be used as little as all others, each of which is named once', async () => {
    const path = cache.add('path', tree)
    const server = await serveCache(cache.folder, () => sendStatus(404))
    const other = await serveCache(cache.folder, () => sendBytes('<html>'))
    const error = await failureOf({ ...server.source, caches: [server.url, other.url, server.url] }, path)
    expect(error).toMatchObject({ code: 'CACHE_INVALID' })
    for (const { url } of [server, other]) expect(error.message.split(url)).toHaveLength(2)
  })

  it('whose files are not in the others either', async () => {
    const path = cache.add('path', tree)
    const server = await serveCache(cache.folder, ({ path }) => (path.startsWith('nar/') ? sendStatus(404) : undefined))
    const empty = await serveCache(createBinaryCache(join(temporaryFolder(), 'empty')).folder)
    const error = await failureOf({ ...server.source, caches: [server.url, empty.url] }, path)
    expect(error).toMatchObject({ code: 'NAR_FILE_MISSING', path, message: expect.stringContaining(empty.url) })
  })

  it('that names a file of this machine', async () => {
    const path = cache.add('path', tree, { claim: info => ({ ...info, url: 'file:///etc/passwd' }) })
    const server = await serveCache(cache.folder)
    expect(await failureOf(server.source, path)).toMatchObject({ code: 'CACHED_NARINFO_INVALID', path })
  })

  it('with a key that is none', async () => {
    const path = cache.add('path', tree)
    const error = await failureOf({ ...cache.source, trustedPublicKeys: ['cache.test-1'] }, path)
    expect(error).toMatchObject({ code: 'PUBLIC_KEY_INVALID' })
  })

  it('together with a store of another kind', async () => {
    const error = await failureOf({ ...cache.source, store: '/' }, storePathOf('path'))
    expect(error).toMatchObject({ message: expect.stringContaining('one of them') })
  })

  it.each([
    ['a pipe', (path: string) => execFileSync('mkfifo', [path]), /a pipe or a device.* write it to a file first/],
    ['a folder', (path: string) => mkdirSync(path), /it is a folder/],
    ['not there', () => {}, /no such file/],
  ])('whose file is %s', async (_, make, message) => {
    const [path, file] = [storePathOf('path'), join(temporaryFolder(), 'file')]
    make(file)
    const nar = await failureOf({ narFiles: { [path]: file } }, path)
    expect(nar).toMatchObject({ path, message: expect.stringMatching(message) })
    expect(nar.message).toContain(file)
    const exported = await failureOf({ exportFile: file }, path)
    expect(exported).toMatchObject({ code: 'SOURCE_INVALID', path: file, message: expect.stringMatching(message) })
  })

  it('for a toplevel without init', async () => {
    const toplevel = cache.add('system', tree)
    const error = await build({ toplevel, source: cache.source })
      .toFolder(temporaryFolder())
      .catch((error: Error) => error)
    expect(error).toMatchObject({ code: 'TOPLEVEL_INVALID', path: toplevel })
  })
})
