import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { lzma, xz } from '@napi-rs/lzma'
import { describe, expect, it } from 'vitest'
import { build, type ClosureSource } from '../../../src/index.ts'
import { createBinaryCache, publicKeyOf, sendBytes, serveCache, TEST_KEY } from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import { exportOf } from '../nix/export-support.ts'
import { narOfTree } from '../nix/nar-support.ts'

const PATH = storePathOf('path')
const NAR = narOfTree({ contents: 'a file' })
const EXPORT = exportOf({ nar: NAR, path: PATH })
const HTML = Buffer.from('\n  <!DOCTYPE html>\n<html><body>Log in</body></html>\n')
const XML = Buffer.from('<?xml version="1.0"?>\n<Error><Code>NoSuchKey</Code></Error>\n')
const JSON_TEXT = Buffer.from('{"message": "not found"}\n')
const TAR = Buffer.concat([Buffer.alloc(257, 'x'), Buffer.from('ustar\x0000'), Buffer.alloc(1000)])
const NARIO2 = Buffer.from('NARIO2\0\0\x01\0\0\0\0\0\0\0')
// The first bytes that compress(1) writes.
const COMPRESS = Buffer.from('1f9d900d00081c08', 'hex')

async function failureOf(source: ClosureSource): Promise<Error & { code?: string }> {
  const spec = { roots: [PATH], source, format: 'tar', name: 'x' } as const
  return build(spec, { workers: 1 })
    .toFolder(join(temporaryFolder(), 'out'))
    .then(
      () => new Error('it was built'),
      (error: Error) => error,
    )
}

async function tarOf(source: ClosureSource): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  for await (const chunk of build({ roots: [PATH], source, format: 'tar' }, { workers: 1 }).stream()) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function fileOf(bytes: Uint8Array, name = 'a file'): string {
  const file = join(temporaryFolder(), name)
  writeFileSync(file, bytes)
  return file
}

describe('in place of an export', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['an xz file', xz.compressSync(EXPORT), /: is an xz file, where an export is needed; unpack it first \(xz -d '/],
    ['a zstd file', zstdCompressSync(EXPORT), /: is a zstd file, .*\(zstd -d '/],
    ['a gzip file', gzipSync(EXPORT), /: is a gzip file, .*\(gzip -d '/],
    ['an lzma file', lzma.compressSync(EXPORT), /: is an lzma file, .*\(xz -d --format=lzma '/],
    ['an export of format 2', NARIO2, /: is an export of format 2, .*; .*nix nario export --format 1/],
    ['a NAR', NAR, /: is a NAR, .* give it as a NAR \(--nar STOREPATH=FILE\)/],
    ['a web page', HTML, /: is an HTML page, /],
    ['a tar archive', TAR, /: is a tar archive, .*\(tar -xf '/],
    ['nothing', new Uint8Array(), /: is empty, /],
  ])('%s is told by its first bytes', async (_, bytes, message) => {
    const file = fileOf(bytes)
    const error = await failureOf({ exportFile: file })
    expect(error).toMatchObject({ code: 'SOURCE_INVALID', path: file, message: expect.stringMatching(message) })
    expect(error.message.split(file)).toHaveLength(
      message.source.includes("'/") || message.source.includes(" '") ? 3 : 2,
    )
  })
})

describe('in place of a NAR', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['an export', EXPORT, /: is an export of nix-store --export, not a NAR; give it as an export \(--export\)/],
    ['an export that is compressed', xz.compressSync(EXPORT), /holds an export .*\(--export\)/],
    ['an export of format 2', NARIO2, /: is an export of format 2, not a NAR; write it again/],
    ['a tar archive', TAR, /: is a tar archive, not a NAR/],
    ['a tar archive that is compressed', zstdCompressSync(TAR), /holds a tar archive, not a NAR/],
    ['a web page', HTML, /: is an HTML page, not a NAR/],
    ['a NAR that is compressed twice', gzipSync(gzipSync(NAR)), /holds a gzip file, not a NAR/],
    ['nothing', new Uint8Array(), /: is empty, not a NAR/],
  ])('%s is told by its first bytes', async (_, bytes, message) => {
    const error = await failureOf({ narFiles: { [PATH]: fileOf(bytes) } })
    expect(error).toMatchObject({ code: 'NAR_FILE_CORRUPT', path: PATH, message: expect.stringMatching(message) })
  })

  it('what no program here unpacks is refused by name', async () => {
    const error = await failureOf({ narFiles: { [PATH]: fileOf(COMPRESS) } })
    expect(error).toMatchObject({
      code: 'COMPRESSION_UNSUPPORTED',
      message: expect.stringMatching(/compression, compress,/),
    })
  })
})

describe('a NAR that is compressed in another way than stated', () => {
  const files = {
    xz: xz.compressSync(NAR),
    zst: zstdCompressSync(NAR),
    gz: gzipSync(NAR),
    lzma: lzma.compressSync(NAR),
  }

  it.each(Object.keys(files))('is read as what it is from a file named .%s', async ending => {
    const right = await tarOf({ narFiles: { [PATH]: fileOf(NAR) } })
    for (const bytes of [...Object.values(files), NAR]) {
      const tar = await tarOf({ narFiles: { [PATH]: fileOf(bytes, `x.nar.${ending}`) } })
      expect(tar.equals(right)).toBe(true)
    }
  })

  it.each(['none', 'xz', 'br', 'zst'])('is read as what it is where a narinfo says %s', async compression => {
    const cache = createBinaryCache(temporaryFolder())
    cache.addNar(PATH, NAR, { compression: 'zstd', claim: info => ({ ...info, compression }) })
    expect((await tarOf(cache.source)).includes('a file')).toBe(true)
  })

  it('is told of as both where it is damaged', async () => {
    const spoilt = zstdCompressSync(NAR).subarray(0, -3)
    const error = await failureOf({ narFiles: { [PATH]: fileOf(spoilt, 'x.nar.xz') } })
    expect(error.message).toMatch(/cannot be unpacked as zstd \(it is a zstd file, though stated to be xz\): /)
  })
})

describe('in place of what a binary cache says', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['a web page', HTML, /is an HTML page, not a (nix-cache-info|narinfo): a proxy, a login page/],
    ['an error of S3', XML, /is an XML document, not a/],
    ['JSON', JSON_TEXT, /is JSON, not a/],
    [
      'a compressed file',
      gzipSync('StoreDir: /nix/store\n'),
      /is a gzip file, not a .*: the server has to say in Content-Enc/,
    ],
  ])('%s is told by its first bytes', async (_, bytes, message) => {
    const cache = createBinaryCache(temporaryFolder())
    cache.addNar(PATH, NAR)
    for (const [file, code] of [
      ['nix-cache-info', 'CACHE_UNREADABLE'],
      ['.narinfo', 'CACHED_NARINFO_INVALID'],
    ] as const) {
      const server = await serveCache(cache.folder, ({ path }) => (path.endsWith(file) ? sendBytes(bytes) : undefined))
      const error = await failureOf(server.source)
      expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
      // Another cache has it right.
      const both = { ...server.source, caches: [server.url, ...cache.source.caches!] }
      expect((await tarOf(both)).includes('a file')).toBe(true)
    }
  })

  it('an empty narinfo is told', async () => {
    const cache = createBinaryCache(temporaryFolder())
    cache.addNar(PATH, NAR, { text: () => '' })
    expect((await failureOf(cache.source)).message).toMatch(/is empty, not a narinfo/)
  })
})

describe('keys', () => {
  const cache = () => {
    const made = createBinaryCache(temporaryFolder())
    made.addNar(PATH, NAR)
    return made
  }
  const other = publicKeyOf({ name: 'other-1', seed: new Uint8Array(32).fill(9) })

  it('may stand in one text, as in a nix.conf', async () => {
    const trustedPublicKeys = [` ${other}  ${publicKeyOf(TEST_KEY)}\n`]
    expect((await tarOf({ ...cache().source, trustedPublicKeys })).includes('a file')).toBe(true)
  })

  it('that are secret are refused and not told', async () => {
    const secret = `k-1:${Buffer.alloc(64, 'secret').toString('base64')}`
    const error = await failureOf({ ...cache().source, trustedPublicKeys: [secret] })
    expect(error).toMatchObject({ code: 'PUBLIC_KEY_INVALID', message: expect.stringMatching(/secret key of "k-1"/) })
    expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain(secret.slice(4, 20))
  })
})
