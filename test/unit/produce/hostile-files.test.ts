import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeEach, describe, expect, it } from 'vitest'
import { build, NarFileError, openBlockCache } from '../../../src/index.ts'
import { type HashAlgorithm, storePathOfContentAddress } from '../../../src/nix/index.ts'
import { encodeNarStrings } from '../../../src/nix/nar.ts'
import {
  type Answer,
  COMPRESSIONS,
  compress,
  createBinaryCache,
  cutAt,
  hashOf,
  narUrl,
  type PackedOptions,
  selfAddressed,
  sendEndless,
  sendStatus,
  serveCache,
} from '../../binary-cache.ts'
import { narOfTree, type Tree } from '../nix/nar-support.ts'
import { createHostileCache, flip, type HostileCache, NAR, PATH } from './hostile-support.ts'

let { folder, cache, server, failureOf, expectFailure } = {} as HostileCache
beforeEach(async () => {
  ;({ folder, cache, server, failureOf, expectFailure } = await createHostileCache())
})

const narFileUrl = (compression: PackedOptions['compression'] = 'xz') => `${server.url}${narUrl(PATH, compression)}`

/** Has the server answer for the NAR in another way. */
const bendNar = (answer: Answer) => {
  server.bend = ({ path }) => (path.startsWith('nar/') ? answer : undefined)
}

describe('a file is refused', () => {
  it.each(COMPRESSIONS)('that has a byte turned over, as %s', async compression => {
    cache.addNar(PATH, NAR, { compression, spoil: flip })
    // A damaged block of lz4 or bzip2 is found before the end of the file, and so its hash, is seen.
    const early = 'NAR_FILE_CORRUPT'
    const codes: Record<string, string> = { none: 'NAR_HASH_MISMATCH', lz4: early, bzip2: early }
    await expectFailure(codes[compression] ?? 'NAR_FILE_MISMATCH', narFileUrl(compression))
  })

  it.each(COMPRESSIONS)('that has a byte turned over, as %s whose hash nobody says', async compression => {
    const claim: PackedOptions['claim'] = ({ fileHash: _, fileSize: __, ...info }) => info
    cache.addNar(PATH, NAR, { compression, spoil: flip, claim })
    const code =
      compression === 'none' || compression === 'br' ? /NAR_HASH_MISMATCH|NAR_FILE_CORRUPT/ : /NAR_FILE_CORRUPT/
    const error = await failureOf()
    expect(error).toMatchObject({ code: expect.stringMatching(code), path: PATH })
    expect(error.message).toContain(PATH)
    expect(error.message).toContain(narFileUrl(compression))
  })

  it.each(COMPRESSIONS)('that is empty, as %s', async compression => {
    const claim: PackedOptions['claim'] = ({ fileHash: _, fileSize: __, ...info }) => info
    cache.addNar(PATH, NAR, { compression, spoil: () => new Uint8Array(), claim })
    await expectFailure('NAR_FILE_CORRUPT', narFileUrl(compression))
  })

  it.each(COMPRESSIONS)('that is cut off, as %s whose size nobody says', async compression => {
    const claim: PackedOptions['claim'] = ({ fileHash: _, fileSize: __, ...info }) => info
    cache.addNar(PATH, NAR, { compression, spoil: file => file.subarray(0, file.length - 12), claim })
    await expectFailure('NAR_FILE_CORRUPT', narFileUrl(compression))
  })

  it('that has a compression that nothing unpacks', async () => {
    // No mark tells brotli.
    cache.addNar(PATH, NAR, { compression: 'br', claim: info => ({ ...info, compression: 'lrzip' }) })
    await expectFailure('COMPRESSION_UNSUPPORTED', narFileUrl('br'))
  })

  it.each(COMPRESSIONS)('with a NAR that is larger or smaller than stated, as %s', async compression => {
    for (const difference of [8, -8, 1000, -1000]) {
      const claim: PackedOptions['claim'] = info => ({ ...info, narSize: info.narSize + difference })
      cache.addNar(PATH, NAR, { compression, claim })
      const error = await expectFailure('NAR_FILE_CORRUPT', narFileUrl(compression))
      expect(error.message).toMatch(difference > 0 ? /holds \d+ bytes where there should be/ : /holds more than the/)
    }
  })

  it.each(['gzip', 'xz'] as const)(
    'that is longer than any of that NAR is, though that is stated: %s',
    async compression => {
      const longer = (file: Uint8Array) => Buffer.concat([file, Buffer.alloc(300_000)])
      const fileSize = longer(compress(NAR, compression)).length
      const claim: PackedOptions['claim'] = ({ fileHash: _, ...info }) => ({ ...info, fileSize })
      cache.addNar(PATH, NAR, { compression, spoil: longer, claim })
      const most = NAR.length + Math.ceil(NAR.length / 100) + 64 * 1024
      const fetched = await expectFailure('NAR_FILE_UNREADABLE', narFileUrl(compression))
      expect(fetched.message).toContain(`more than the ${most} bytes`)
      const local = await expectFailure('NAR_FILE_MISMATCH', narUrl(PATH, compression), { source: cache.source })
      expect(local.message).toContain(`more than ${most} bytes`)
    },
  )

  it.each(COMPRESSIONS)('with another NAR than stated, as %s', async compression => {
    cache.addNar(PATH, NAR, { compression, claim: info => ({ ...info, narHash: hashOf(new Uint8Array(1)) }) })
    await expectFailure('NAR_HASH_MISMATCH', narFileUrl(compression))
  })

  it.each<[string, () => Answer]>([
    [
      'whose Content-Length lies',
      () => (response, file) => void response.writeHead(200, { 'content-length': file!.length + 9 }).end(file),
    ],
    ['that breaks off in the same place for good', () => cutAt(100)],
    ['that leads in a circle', () => sendStatus(302, { location: narFileUrl() })],
    ['that leads to this machine', () => sendStatus(302, { location: 'file:///etc/passwd' })],
    ['that needs a login', () => sendStatus(401)],
    [
      'that is in another encoding',
      () => (response, file) => void response.writeHead(200, { 'content-encoding': 'compress' }).end(gzipSync(file!)),
    ],
  ])('%s', async (_, answer) => {
    cache.addNar(PATH, NAR)
    bendNar(answer())
    await expectFailure('NAR_FILE_UNREADABLE', narFileUrl())
  })

  it('that never ends', async () => {
    cache.addNar(PATH, NAR)
    bendNar(sendEndless(Buffer.alloc(65_536)))
    await expectFailure('NAR_FILE_CORRUPT', narFileUrl())
  })

  it('that the server does not have, by the URL of each cache', async () => {
    cache.addNar(PATH, NAR)
    bendNar(sendStatus(404))
    await expectFailure('NAR_FILE_MISSING', narFileUrl())
    const other = await serveCache(createBinaryCache(join(folder, 'other')).folder)
    const source = { ...server.source, caches: [server.url, other.url] }
    const error = await expectFailure('NAR_FILE_MISSING', narFileUrl(), { source })
    expect(error.message).toContain(other.url)
  })

  it('that the first cache lacks, and whose second is gone', async () => {
    cache.addNar(PATH, NAR)
    const other = await serveCache(createBinaryCache(join(folder, 'other')).folder)
    other.bend = ({ path, before }) => (path === 'nix-cache-info' && before > 0 ? sendStatus(501) : undefined)
    bendNar(sendStatus(404))
    const source = { ...server.source, caches: [server.url, other.url] }
    await expectFailure('NAR_FILE_MISSING', narFileUrl(), { source })
  })

  it('by the cache that it comes from, though another one said where it is', async () => {
    bendNar(sendStatus(404))
    const second = createBinaryCache(join(folder, 'other'))
    const small = narOfTree({ contents: 'x'.repeat(100) })
    const same = narOfTree({ contents: 'y'.repeat(100) })
    cache.addNar(PATH, small)
    const claim: PackedOptions['claim'] = info => ({ ...info, narHash: hashOf(small) })
    second.addNar(PATH, same, { claim, forge: info => info })
    const other = await serveCache(second.folder)
    const source = { ...server.source, caches: [server.url, other.url] }
    const error = await expectFailure('NAR_FILE_MISSING', narFileUrl(), { source })
    expect(error.message).toContain(`${other.url}${narUrl(PATH)}: holds a NAR of the hash ${hashOf(same)}`)
  })
})

/** A directory whose entries have these names, in this order. */
function narWithNames(...names: string[]): Uint8Array {
  const empty = ['(', 'type', 'regular', 'contents', '', ')']
  const entries = names.flatMap(name => ['entry', '(', 'name', name, 'node', ...empty, ')'])
  return encodeNarStrings('nix-archive-1', '(', 'type', 'directory', ...entries, ')')
}

describe('a NAR with a valid hash and signature is refused', () => {
  it.each<[string, Uint8Array]>([
    ['the name ..', narWithNames('..')],
    ['the name .', narWithNames('.')],
    ['a name with a slash', narWithNames('a/b')],
    ['a name that leads out', narWithNames('../../etc/passwd')],
    ['a name with NUL', narWithNames('a\0b')],
    ['an empty name', narWithNames('')],
    ['a name twice', narWithNames('a', 'a')],
    ['names out of order', narWithNames('b', 'a')],
    ['a name of 256 bytes', narWithNames('a'.repeat(256))],
    ['bytes behind its end', new Uint8Array(Buffer.concat([narWithNames('a'), Buffer.alloc(8)]))],
    ['no end', narWithNames('a').subarray(0, -24)],
    ['an empty target', encodeNarStrings('nix-archive-1', '(', 'type', 'symlink', 'target', '', ')')],
    ['no head', encodeNarStrings('nix-archive-2', '(', 'type', 'directory', ')')],
    ['a type that there is not', encodeNarStrings('nix-archive-1', '(', 'type', 'device', ')')],
    [
      '4 PB of contents',
      Buffer.concat([
        encodeNarStrings('nix-archive-1', '(', 'type', 'regular', 'contents'),
        Buffer.from('0000000000001000', 'hex'),
      ]),
    ],
  ])('for %s', async (_, nar) => {
    cache.addNar(PATH, nar, { compression: 'zstd' })
    const error = await expectFailure('NAR_FILE_CORRUPT', narFileUrl('zstd'))
    expect(error).toBeInstanceOf(NarFileError)
    // A toplevel is read when the image is planned, by other code.
    const planned = await expectFailure('NAR_FILE_CORRUPT', narFileUrl('zstd'), { roots: [], toplevel: PATH })
    expect(planned.message).toBe(error.message)
  })
})

describe('contents that are not those of their content address are refused', () => {
  const digestOf = (algorithm: HashAlgorithm, bytes: Uint8Array | string) =>
    new Uint8Array(createHash(algorithm).update(bytes).digest())
  const right: Tree = { contents: 'right' }
  const wrong: Tree = { contents: 'wrong' }

  it.each<[string, string, 'text' | 'flat' | 'nar', HashAlgorithm]>([
    ['text:sha256', 'text', 'text', 'sha256'],
    ['fixed:sha256', 'fixed', 'flat', 'sha256'],
    ['fixed:sha1', 'fixed', 'flat', 'sha1'],
    ['fixed:r:sha1', 'fixed:r', 'nar', 'sha1'],
    ['fixed:r:md5', 'fixed:r', 'nar', 'md5'],
  ])('%s', async (_, prefix, method, algorithm) => {
    const digest = digestOf(algorithm, method === 'nar' ? narOfTree(right) : 'right')
    const path = storePathOfContentAddress('ca', { method, algorithm, digest }, [], false)!.path
    const ca = `${prefix}:${algorithm}:${Buffer.from(digest).toString('hex')}`
    const claim: PackedOptions['claim'] = info => ({ ...info, ca })
    const url = `${server.url}${narUrl(path)}`
    for (const tree of [wrong, { ...wrong, executable: true }, { symlink: 'right' }, { children: { right } }]) {
      cache.addNar(path, narOfTree(tree), { key: null, claim })
      await expectFailure('CONTENT_MISMATCH', url, { roots: [path] }, path)
    }
    if (method === 'nar') return
    // The right bytes in a file that may be executed are not what was hashed.
    cache.addNar(path, narOfTree({ ...right, executable: true }), { key: null, claim })
    await expectFailure('CONTENT_MISMATCH', url, { roots: [path] }, path)
  })

  it('fixed:r:sha256', async () => {
    const nar = narOfTree(right)
    const digest = digestOf('sha256', nar)
    const path = storePathOfContentAddress('ca', { method: 'nar', algorithm: 'sha256', digest }, [], false)!.path
    const ca = `fixed:r:${hashOf(nar)}`
    cache.addNar(path, narOfTree(wrong), { key: null, claim: info => ({ ...info, ca }) })
    await expectFailure('PATH_UNTRUSTED', server.url, { roots: [path] }, path)
    cache.addNar(path, narOfTree(wrong), { key: null, claim: info => ({ ...info, ca, narHash: hashOf(nar) }) })
    await expectFailure('NAR_HASH_MISMATCH', `${server.url}${narUrl(path)}`, { roots: [path] }, path)
  })

  it.each([true, false])('fixed:r:sha256 of what refers to itself, offsets hashed: %s', async withOffsets => {
    const self = (path: string): Tree => ({ children: { a: { contents: `${path}/b` }, b: { symlink: path } } })
    const { path, nar, ca } = selfAddressed('self', self, withOffsets)
    const options: PackedOptions = { key: null, references: [path], claim: info => ({ ...info, ca }) }
    cache.addNar(path, nar, options)
    await build({ source: server.source, roots: [path], format: 'tar' }, { workers: 1 }).toFolder(join(folder, 'built'))
    cache.addNar(path, narOfTree({ children: { a: { contents: `${path}/c` }, b: { symlink: path } } }), options)
    await expectFailure('CONTENT_MISMATCH', `${server.url}${narUrl(path)}`, { roots: [path] }, path)
  })

  it('though blocks of them were kept when nobody asked', async () => {
    const digest = digestOf('sha256', 'right')
    const path = storePathOfContentAddress('ca', { method: 'flat', algorithm: 'sha256', digest }, [], false)!.path
    const ca = `fixed:sha256:${Buffer.from(digest).toString('hex')}`
    cache.addNar(path, narOfTree(wrong), { key: null, claim: info => ({ ...info, ca }) })
    const blocks = openBlockCache(join(folder, 'blocks'))
    const buildHere = (requireSignatures: boolean) => {
      const spec = {
        source: { ...server.source, requireSignatures },
        roots: [path],
        format: 'tar.xz',
        level: 0,
      } as const
      return build(spec, { workers: 1, cache: blocks }).toFolder(join(folder, 'out'))
    }
    await buildHere(false)
    await expect(buildHere(true)).rejects.toMatchObject({ code: 'CONTENT_MISMATCH', path })
  })

  it('or that do not yield the path', async () => {
    const ca = `fixed:r:${hashOf(NAR)}`
    cache.addNar(PATH, NAR, { key: null, claim: info => ({ ...info, ca }) })
    await expectFailure('PATH_UNTRUSTED', server.url)
  })
})
