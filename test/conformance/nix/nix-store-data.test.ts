import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  contentCheckOf,
  createExportReader,
  createModuloHash,
  formatNarInfo,
  isContentAddressed,
  isSignedBy,
  type PathInfo,
  parseCacheInfo,
  parseNarInfo,
  parsePathInfoJson,
  parsePublicKey,
  parseSecretKey,
  signPathInfo,
} from '../../../src/nix/index.ts'
import { needs } from '../../programs.ts'
import { exportOf, pathsOfExport } from '../../unit/nix/export-support.ts'
import { narOfTree } from '../../unit/nix/nar-support.ts'

const nix = needs('nix', 'nix-store', 'nix-instantiate')

const NIX_CONFIG = 'build-users-group =\nsubstituters =\nexperimental-features = nix-command\n'
const env = { ...process.env, NIX_CONFIG }
const run = (program: string, args: string[], input?: Uint8Array) =>
  execFileSync(program, args, { env, maxBuffer: 1 << 28, input, stdio: ['pipe', 'pipe', 'pipe'] })

describe.skipIf(nix.skip)(`what Nix tells of its store paths${nix.because}`, () => {
  // A store of our own, that nothing else changes: what it holds, and what Nix says of that.
  let folder = ''
  let store: string[] = []
  let infos: Map<string, PathInfo> = new Map()
  let keys = { public: '', secret: '' }
  /** A path that refers to itself and to another; not addressed by its content, and not signed. */
  const SELF = '/nix/store/2l7gvysjsjm6zqykb5rw716nrl4b9i4f-self'

  const inStore = (program: string, ...args: string[]) =>
    run(program, [...args, ...store])
      .toString()
      .trim()
  const infosOf = (...paths: string[]) => parsePathInfoJson(inStore('nix', 'path-info', '--json', ...paths))

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nix-conformance-'))
    store = ['--store', join(folder, 'store')]
    const [file, tree, publicKey, secretKey] = ['file', 'tree', 'public', 'secret'].map(name => join(folder, name))
    writeFileSync(file, 'contents of a file')
    mkdirSync(tree)
    writeFileSync(join(tree, 'tool'), '#!/bin/sh\n')
    chmodSync(join(tree, 'tool'), 0o755)

    for (const algorithm of ['md5', 'sha1', 'sha256', 'sha512']) {
      inStore('nix-store', '--add-fixed', algorithm, file)
      inStore('nix-store', '--add-fixed', '--recursive', algorithm, tree)
    }
    const texts = 'let a = builtins.toFile "a" "text"; b = builtins.toFile "b" a; in builtins.toFile "c" (b + a + b)'
    const text = inStore('nix-instantiate', '--read-write-mode', '--eval', '--expr', texts).slice(1, -1)
    const nar = narOfTree({ children: { a: { contents: `${SELF}/b ${text}` }, b: { symlink: SELF } } })
    run(
      'nix-store',
      ['--import', ...store],
      exportOf({ nar, path: SELF, references: [SELF, text], deriver: `${SELF}.drv` }),
    )
    inStore('nix', 'store', 'make-content-addressed', SELF)

    run('nix-store', ['--generate-binary-cache-key', 'test-1', secretKey, publicKey])
    keys = { public: readFileSync(publicKey, 'utf8'), secret: readFileSync(secretKey, 'utf8') }
    inStore('nix', 'store', 'sign', '--all', '--key-file', secretKey)
    infos = new Map(infosOf('--all').map(info => [info.path.path, info]))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('has paths of every kind', () => {
    const kinds = [...infos.values()].map(info => info.ca?.replace(/[^:]*$/, '') ?? 'none')
    expect([...new Set(kinds)].sort()).toEqual([
      ...['fixed:md5:', 'fixed:r:md5:', 'fixed:r:sha1:', 'fixed:r:sha256:', 'fixed:r:sha512:'],
      ...['fixed:sha1:', 'fixed:sha256:', 'fixed:sha512:'],
      'none',
      'text:sha256:',
    ])
  })

  it('is signed as we see it, and as we sign it', () => {
    const key = parsePublicKey(keys.public)
    for (const info of infos.values()) {
      expect(isSignedBy(info, [key])).toBe(true)
      expect(isSignedBy({ ...info, narSize: info.narSize + 1 }, [key])).toBe(false)
      expect(info.signatures).toContain(signPathInfo(info, parseSecretKey(keys.secret)))
    }
  })

  it('has content addresses that yield the store paths', () => {
    for (const info of infos.values()) expect(isContentAddressed(info), info.path.path).toBe(info.path.path !== SELF)
  })

  it('has contents that hash to what the content addresses say', () => {
    const seen = new Set<string>()
    for (const info of infos.values()) {
      const check = contentCheckOf(info)
      if (check === undefined) continue
      seen.add(check.over)
      const nar = run('nix-store', ['--dump', join(folder, 'store', info.path.path)])
      const hash = (bytes: Uint8Array) => createHash(check.algorithm).update(bytes).digest('hex')
      const expected =
        check.over === 'file'
          ? [hash(readFileSync(join(folder, 'store', info.path.path)))]
          : check.over === 'nar'
            ? [hash(nar)]
            : moduloHashes(nar, check.algorithm, info.path.digest)
      expect(expected, info.path.path).toContain(Buffer.from(check.digest).toString('hex'))
    }
    expect([...seen].sort()).toEqual(['file', 'nar', 'nar-without-self'])
  })

  it.each(['none', 'xz', 'zstd', 'bzip2'])('stands in narinfo files, compressed with %s', compression => {
    const cache = join(folder, `cache-${compression}`)
    run('nix', ['copy', '--all', ...store, '--to', `file://${cache}?compression=${compression}`])
    const files = readdirSync(cache).filter(name => name.endsWith('.narinfo'))
    expect(files).toHaveLength(infos.size)
    for (const file of files) {
      const text = readFileSync(join(cache, file), 'utf8')
      const { url, compression: stated, fileHash, fileSize, ...info } = parseNarInfo(text)
      expect(file).toBe(`${info.path.digest}.narinfo`)
      expect(info).toEqual({ ...infos.get(info.path.path) })
      expect(stated).toBe(compression)
      const nar = readFileSync(join(cache, url))
      expect(fileSize).toBe(nar.length)
      expect(
        run('nix-hash', ['--type', 'sha256', '--flat', '--base32', join(cache, url)])
          .toString()
          .trim(),
      ).toBe(fileHash?.slice('sha256:'.length))
      expect(formatNarInfo(parseNarInfo(text))).toBe(text)
    }
    expect(parseCacheInfo(readFileSync(join(cache, 'nix-cache-info'), 'utf8')).storeDir).toBe('/nix/store')
  })

  it('is fetched by Nix from a cache of narinfo files and signatures of ours', () => {
    const cache = join(folder, 'cache-ours')
    mkdirSync(join(cache, 'nar'), { recursive: true })
    writeFileSync(join(cache, 'nix-cache-info'), 'StoreDir: /nix/store\n')
    const closure = inStore('nix-store', '--query', '--requisites', SELF).split('\n')
    for (const path of closure) {
      const info = infos.get(path)!
      const url = `nar/${info.path.digest}.nar`
      writeFileSync(join(cache, url), run('nix-store', ['--dump', join(folder, 'store', path)]))
      const { ca: _, ...unaddressed } = info
      const signatures = [signPathInfo(info, parseSecretKey(keys.secret))]
      const text = formatNarInfo({ ...unaddressed, signatures, url, compression: 'none', fileHash: info.narHash })
      writeFileSync(join(cache, `${info.path.digest}.narinfo`), text)
    }
    const fetched = ['--store', join(folder, 'fetched')]
    const copy = (key: string) =>
      run('nix', [
        'copy',
        '--from',
        `file://${cache}`,
        '--to',
        fetched[1],
        '--option',
        'trusted-public-keys',
        key,
        SELF,
      ])
    expect(() => copy(keys.public.replace('test-1', 'test-2'))).toThrow(/lacks a (?:valid )?signature/)
    copy(keys.public)
    expect(
      run('nix-store', ['--query', '--requisites', SELF, ...fetched])
        .toString()
        .trim()
        .split('\n'),
    ).toEqual(closure)
  })

  it('comes back from an export', () => {
    const closure = inStore('nix-store', '--query', '--requisites', SELF).split('\n')
    const bytes = run('nix-store', ['--export', ...closure, ...store])
    const paths = pathsOfExport(
      bytes,
      Array.from({ length: Math.floor(bytes.length / 37) }, (_, i) => i * 37),
    )
    expect(paths).toEqual(pathsOfExport(bytes))
    expect(paths.map(({ path }) => path.path).sort()).toEqual(closure.sort())
    for (const { narOffset, ...path } of paths) {
      const { ca: _, signatures: __, ...info } = infos.get(path.path.path)!
      expect(path).toEqual(info)
      const nar = run('nix-store', ['--dump', join(folder, 'store', path.path.path)])
      expect(bytes.subarray(narOffset, narOffset + path.narSize)).toEqual(nar)
    }
    expect(() => createExportReader().push(Buffer.concat([bytes, bytes]))).toThrow(/follow its end/)
  })
})

/** What versions of Nix hash a NAR with references to itself to, which comes in pieces here. */
function moduloHashes(nar: Buffer, algorithm: string, digest: string): string[] {
  const hash = createModuloHash(algorithm, digest)
  for (let at = 0; at < nar.length; at += 50) hash.update(nar.subarray(at, at + 50))
  return hash.digests().map(found => Buffer.from(found).toString('hex'))
}
