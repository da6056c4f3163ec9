import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { build } from '../../../src/index.ts'
import { parseStorePath } from '../../../src/nix/index.ts'
import { encodeNarStrings } from '../../../src/nix/nar.ts'
import {
  type CacheServer,
  COMPRESSIONS,
  createBinaryCache,
  cutAt,
  hashOf,
  type PackedOptions,
  secretKey,
  sendBytes,
  sendEndless,
  sendStatus,
  serveCache,
  stallAt,
  type TestCache,
} from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'
import { narOfTree } from '../nix/nar-support.ts'
import { failureOf, TREE } from './caches-support.ts'

const programs = needs('bzip2', 'lz4', 'lzip')

let cache: TestCache
beforeEach(() => {
  cache = createBinaryCache(join(temporaryFolder(), 'cache'))
})

/** The failure of a cache with one path, put there with these options. */
async function failureWith(options: PackedOptions, nar: Uint8Array = narOfTree(TREE)) {
  const path = storePathOf('path')
  cache.addNar(path, nar, options)
  return { path, error: await failureOf(cache.source, path) }
}

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
    const path = cache.add('path', TREE)
    const server = await serveCache(cache.folder, request => (request.path.includes(part) ? bend(request) : undefined))
    const error = await failureOf({ ...server.source, stallTimeout: 100 }, path)
    expect(error).toMatchObject({ code: expect.stringContaining(code), message: expect.stringMatching(message) })
    expect(error.message).toContain(server.url)
    if (part !== 'nix-cache-info') expect(error.message).toContain(path)
  })

  it('that can be used as little as all others, each of which is named once', async () => {
    const path = cache.add('path', TREE)
    const server = await serveCache(cache.folder, () => sendStatus(404))
    const other = await serveCache(cache.folder, () => sendBytes('<html>'))
    const error = await failureOf({ ...server.source, caches: [server.url, other.url, server.url] }, path)
    expect(error).toMatchObject({ code: 'CACHE_INVALID' })
    for (const { url } of [server, other]) expect(error.message.split(url)).toHaveLength(2)
  })

  it('whose files are not in the others either', async () => {
    const path = cache.add('path', TREE)
    const server = await serveCache(cache.folder, ({ path }) => (path.startsWith('nar/') ? sendStatus(404) : undefined))
    const empty = await serveCache(createBinaryCache(join(temporaryFolder(), 'empty')).folder)
    const error = await failureOf({ ...server.source, caches: [server.url, empty.url] }, path)
    expect(error).toMatchObject({ code: 'NAR_FILE_MISSING', path, message: expect.stringContaining(empty.url) })
  })

  it('that names a file of this machine', async () => {
    const path = cache.add('path', TREE, { claim: info => ({ ...info, url: 'file:///etc/passwd' }) })
    const server = await serveCache(cache.folder)
    expect(await failureOf(server.source, path)).toMatchObject({ code: 'CACHED_NARINFO_INVALID', path })
  })

  it('with a key that is none', async () => {
    const path = cache.add('path', TREE)
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
    const toplevel = cache.add('system', TREE)
    const error = await build({ toplevel, source: cache.source })
      .toFolder(temporaryFolder())
      .catch((error: Error) => error)
    expect(error).toMatchObject({ code: 'TOPLEVEL_INVALID', path: toplevel })
  })
})
