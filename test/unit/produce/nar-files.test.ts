import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { xz } from '@napi-rs/lzma'
import { beforeEach, describe, expect, it } from 'vitest'
import type { NarInfo } from '../../../src/nix/index.ts'
import { COMPRESSIONS, createBinaryCache, serveCache, type TestCache } from '../../binary-cache.ts'
import { storePathOf } from '../../chroot-store.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'
import { narOfTree } from '../nix/nar-support.ts'
import { failureOf, TEXT, TREE, tarOf } from './caches-support.ts'

const programs = needs('bzip2', 'lz4', 'lzip')
const xzProgram = needs('xz')

let cache: TestCache
beforeEach(() => {
  cache = createBinaryCache(join(temporaryFolder(), 'cache'))
})

describe('an image from NAR files', () => {
  it.skipIf(programs.skip).each(COMPRESSIONS)(
    `is the same as from a store: %s${programs.because}`,
    async compression => {
      const store = createNixosStore(temporaryFolder())
      const extra = store.add('extra', TREE)
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

  it.skipIf(programs.skip)(`takes no compression for bzip2${programs.because}`, async () => {
    const path = cache.add('path', TREE, {
      compression: 'bzip2',
      text: text => text.replace('Compression: bzip2\n', ''),
    })
    expect((await tarOf({ roots: [path], source: cache.source })).includes('bin/tool')).toBe(true)
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
    const nar = narOfTree({ contents: TEXT.repeat(times) })
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
    const nars = { [a]: narOfTree(TREE), [b]: narOfTree({ symlink: `${a}/bin` }) }
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
