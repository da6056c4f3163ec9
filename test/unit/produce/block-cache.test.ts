import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { type BlockCache, build, type ImageFormat, openBlockCache } from '../../../src/index.ts'
import { createBinaryCache, serveCache } from '../../binary-cache.ts'
import { bulk, createNixosStore, type NixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'

let folder = ''
let store: NixosStore
let big = ''
beforeEach(() => {
  folder = temporaryFolder()
  store = createNixosStore(folder)
  // Two blocks of .tar.xz and .tar.zst, a batch of its own.
  big = store.add('big', bulk(18))
})

let builds = 0
/** Builds the image with a cache, and returns its digest and how many bytes of NAR came from there. */
async function buildHere(cache: BlockCache | false, format: ImageFormat = 'tar.zst') {
  const out = join(folder, `out${builds++}`)
  const { toplevel, source } = store
  const spec = { toplevel, roots: [big], source, format, level: 0, name: 'x' }
  const { image, cachedNarSize, narSize } = await build(spec, { workers: 2, cache }).toFolder(out)
  const manifest = readFileSync(join(out, 'x.manifest.json'), 'utf8')
  const digest = createHash('sha256').update(readFileSync(image)).digest('hex')
  rmSync(out, { recursive: true })
  return { digest, manifest, cachedNarSize, narSize }
}
const local = () => openBlockCache(join(folder, 'cache'))
const contentFiles = () => readdirSync(join(folder, 'cache')).map(name => join(folder, 'cache', name))

describe('an image built with a block cache', () => {
  it.each<ImageFormat>(['tar.xz', 'tar.zst', 'tar.gz'])('is the same as without, as %s', async format => {
    const plain = await buildHere(false, format)
    const cold = await buildHere(local(), format)
    const warm = await buildHere(local(), format)
    expect(plain.cachedNarSize).toBe(0)
    expect(cold).toEqual({ ...plain, cachedNarSize: 0 })
    expect(warm).toEqual({ ...plain, cachedNarSize: plain.narSize })
  })

  it('does not read what has not changed', async () => {
    const plain = await buildHere(local())
    renameSync(store.file(`${big}/file3`), store.file(`${big}/gone`))
    expect((await buildHere(local())).digest).toBe(plain.digest)
    await expect(buildHere(false)).rejects.toMatchObject({ code: 'NAR_HASH_MISMATCH' })
  })

  it.each([
    ['os-release', () => `${store.etc}/etc/static/os-release`],
    ['what leads to it', () => `${store.etc}/etc/os-release`],
    ['the system', () => `${store.toplevel}/system`],
  ])('reads all the same what it is planned by: %s', async (_, place) => {
    await buildHere(local())
    const file = store.file(place())
    rmSync(file)
    writeFileSync(file, 'x86_64-linux\n')
    await expect(buildHere(local())).rejects.toMatchObject({ code: 'NAR_HASH_MISMATCH' })
    expect(readdirSync(folder).filter(name => name.startsWith('out'))).toEqual([])
  })

  it.each<ImageFormat>(['tar.xz', 'tar.zst', 'tar.gz'])(
    'never gives the end of a %s whose plan is wrong',
    async format => {
      const spec = {
        toplevel: store.toplevel,
        roots: [big],
        source: store.source,
        format,
        level: 0,
        name: 'x',
      } as const
      let size = 0
      const read = async () => {
        size = 0
        for await (const chunk of build(spec, { workers: 2, cache: local() }).stream()) size += chunk.length
      }
      await read()
      await read()
      const whole = size
      const file = store.file(`${store.toplevel}/system`)
      rmSync(file)
      writeFileSync(file, 'x86_64-linux\n')
      await expect(read()).rejects.toMatchObject({ code: 'NAR_HASH_MISMATCH' })
      expect(size).toBeLessThan(whole)
    },
  )

  it('makes anew only what has changed', async () => {
    await buildHere(local())
    big = store.add('big2', bulk(17))
    const plain = await buildHere(false)
    const warm = await buildHere(local())
    expect(warm.digest).toBe(plain.digest)
    expect(warm.cachedNarSize).toBeGreaterThan(0)
    expect(warm.cachedNarSize).toBeLessThan(warm.narSize - 17_000_000)
  })

  it('is the same whatever happened to the cache', async () => {
    const plain = await buildHere(local())
    const count = contentFiles().length
    for (let i = 0; i < count; i++) {
      const file = contentFiles()[i]!
      const contents = readFileSync(file)
      if (i % 3 === 0) rmSync(file)
      else if (i % 3 === 1) writeFileSync(file, contents.subarray(0, contents.length >> 1))
      else writeFileSync(file, contents.fill(0x55, contents.length >> 1))
      const { digest, manifest } = await buildHere(local())
      expect(digest).toBe(plain.digest)
      expect(manifest).toBe(plain.manifest)
      // What was damaged is there again.
      expect((await buildHere(local())).cachedNarSize).toBe(plain.narSize)
    }
    expect(count).toBeGreaterThan(4)
  })

  it('is the same when a cache loses all blocks meanwhile', async () => {
    const plain = await buildHere(local())
    const forgetful: BlockCache = {
      get: key => (key.startsWith('batch:') ? local().get(key) : Promise.resolve(undefined)),
      put: async () => true,
    }
    const again = await buildHere(forgetful)
    expect(again.digest).toBe(plain.digest)
    // What was made anew did not come from the cache.
    expect(again.cachedNarSize).toBe(0)
  })

  it('is the same when a cache fails, and says of no batch that it is there without its blocks', async () => {
    const plain = await buildHere(false)
    const kept = new Map<string, Uint8Array>()
    const full: BlockCache = {
      get: async key => kept.get(key),
      async put(key, bytes) {
        if (key.startsWith('block:') && kept.size > 0) return false
        kept.set(key, bytes.slice())
        return true
      },
    }
    expect((await buildHere(full)).digest).toBe(plain.digest)
    for (const key of kept.keys()) if (key.startsWith('batch:')) expect(kept.size).toBe(2)
    const broken: BlockCache = {
      get: () => Promise.reject(new Error('get')),
      put: () => Promise.reject(new Error('put')),
    }
    expect((await buildHere(broken)).digest).toBe(plain.digest)
  })

  it('can be aborted while a cache does not answer', async () => {
    const silent: BlockCache = { get: () => new Promise(() => {}), put: async () => true }
    const signal = AbortSignal.timeout(200)
    const { toplevel, source } = store
    const built = build({ toplevel, source, level: 0 }, { cache: silent, signal }).toFolder(join(folder, 'out'))
    await expect(built).rejects.toMatchObject({ name: 'TimeoutError' })
    expect(readdirSync(folder)).not.toContain('out')
  })

  it('is the same when several are built at a time', async () => {
    const plain = await buildHere(false)
    for (const { digest } of await Promise.all([buildHere(local()), buildHere(local()), buildHere(local())])) {
      expect(digest).toBe(plain.digest)
    }
    expect((await buildHere(local())).cachedNarSize).toBe(plain.narSize)
  })

  it('needs no NAR of a binary cache for what it has', async () => {
    const remote = createBinaryCache(join(folder, 'remote'))
    const path = remote.add('path', bulk(2))
    const server = await serveCache(remote.folder)
    const image = async (cache: BlockCache | false) => {
      const out = join(folder, `remote${builds++}`)
      const { sha256 } = await build({ roots: [path], source: server.source, level: 0, name: 'x' }, { cache }).toFolder(
        out,
      )
      return sha256
    }
    const nars = () => server.requests.filter(request => request.path.startsWith('nar/')).length
    const plain = await image(false)
    expect(await image(local())).toBe(plain)
    const before = nars()
    expect(before).toBeGreaterThan(0)
    expect(await image(local())).toBe(plain)
    expect(nars()).toBe(before)
  })

  it('keeps nothing of a store path that is not what its hash says', async () => {
    const file = store.file(`${big}/file17`)
    const contents = readFileSync(file)
    writeFileSync(file, Buffer.from(contents).fill(1, 5, 6))
    await expect(buildHere(local())).rejects.toMatchObject({ code: 'NAR_HASH_MISMATCH' })
    await expect(buildHere(local())).rejects.toMatchObject({ code: 'NAR_HASH_MISMATCH' })
    writeFileSync(file, contents)
    const mended = await buildHere(local())
    expect(mended.digest).toBe((await buildHere(false)).digest)
  })
})
