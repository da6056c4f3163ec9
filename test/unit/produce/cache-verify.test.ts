import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { getRecord, putRecord } from '../../../src/block-cache/index.ts'
import {
  type BlockCache,
  build as buildImage,
  type ImageFormat,
  type ImageSpec,
  openBlockCache,
} from '../../../src/index.ts'
import { storePathOfContentAddress } from '../../../src/nix/index.ts'
import { createBinaryCache, serveCache } from '../../binary-cache.ts'
import { createChrootStore } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import { narOfTree } from '../nix/nar-support.ts'

let folder = ''
beforeEach(() => {
  folder = temporaryFolder()
})

const local = (name = 'blocks') => openBlockCache(join(folder, name))

let builds = 0
async function build(spec: ImageSpec, cache: BlockCache | false, verifyCache?: boolean) {
  const out = join(folder, `out${builds++}`)
  const options = { workers: 2, cache, verifyCache }
  const { image, cachedNarSize, verifiedNarSize, narSize, warnings } = await buildImage(
    { level: 0, ...spec },
    options,
  ).toFolder(out)
  return { bytes: readFileSync(image), cachedNarSize, verifiedNarSize, narSize, warnings }
}

/** A store path "a" of these contents beside others, as a spec. */
function specOf(place: string, contents: string, format: ImageFormat = 'tar.xz'): ImageSpec {
  const store = createChrootStore(join(folder, place))
  const roots = [
    store.add('a', { children: { file: { contents } } }),
    store.add('b', { children: { empty: { contents: '' }, link: { symlink: 'empty' } } }),
    // A batch of its own.
    store.add('c', { contents: 'c'.repeat(5_000_000) }),
  ]
  return { source: store.source, roots, name: 'x', format }
}

/** A cache whose keys are all known. */
function memoryCache(): BlockCache & { readonly entries: Map<string, Uint8Array> } {
  const entries = new Map<string, Uint8Array>()
  return {
    entries,
    get: async key => entries.get(key),
    async put(key, bytes) {
      entries.set(key, bytes.slice())
      return true
    },
  }
}

/** A cache that has blocks of `evil` where those of `good` should be: for each batch, in their order. */
async function poisoned(good: ImageSpec, evil: ImageSpec): Promise<BlockCache> {
  const [ours, theirs] = [memoryCache(), memoryCache()]
  await build(good, ours)
  await build(evil, theirs)
  const records = ({ entries }: typeof ours) => [...entries.keys()].filter(key => key.startsWith('batch:'))
  for (const [i, key] of records(ours).entries()) {
    const other = records(theirs)[i]!
    await putRecord(ours, key, (await getRecord(theirs, other))!)
  }
  for (const [key, bytes] of theirs.entries) if (key.startsWith('block:')) ours.entries.set(key, bytes)
  return ours
}

describe('a cache that is verified', () => {
  it.each<ImageFormat>(['tar.xz', 'tar.zst', 'tar.gz'])('gives the same image, %s, and says how much', async format => {
    const spec = specOf('store', 'good', format)
    const plain = await build(spec, false, true)
    expect(plain).toMatchObject({ cachedNarSize: 0, verifiedNarSize: plain.narSize })
    expect(await build(spec, local())).toEqual(plain)
    const believed = await build(spec, local())
    expect(believed).toEqual({ ...plain, cachedNarSize: plain.narSize, verifiedNarSize: 0 })
    expect(await build(spec, local(), true)).toEqual({ ...plain, cachedNarSize: plain.narSize })
  })

  it.each<ImageFormat>(['tar.xz', 'tar.zst', 'tar.gz'])(
    'brings nothing of a poisoned %s into the image',
    async format => {
      const good = specOf('store', 'good', format)
      const cache = await poisoned(good, specOf('evil', 'evil', format))
      const plain = await build(good, false)
      // This is what verifying is for.
      const believed = await build(good, cache)
      expect(believed.bytes.equals(plain.bytes)).toBe(false)
      expect(believed).toMatchObject({ warnings: plain.warnings, cachedNarSize: plain.narSize, verifiedNarSize: 0 })

      const verified = await build(good, cache, true)
      expect(verified.bytes.equals(plain.bytes)).toBe(true)
      expect(verified.verifiedNarSize).toBe(plain.narSize)
      expect(verified.cachedNarSize).toBeLessThan(plain.narSize)
      expect(verified.cachedNarSize).toBeGreaterThan(5_000_000)
      expect(verified.warnings).toEqual([
        ...plain.warnings,
        expect.objectContaining({
          code: 'BLOCK_CACHE_CHANGED',
          message: expect.stringMatching(/^block cache: .*-a.* NAR hash/),
        }),
      ])
      // And the cache has been mended.
      const again = await build(good, cache)
      expect(again).toEqual({ ...plain, cachedNarSize: plain.narSize, verifiedNarSize: 0 })
    },
  )

  it('brings in no block that is none', async () => {
    const good = specOf('store', 'good')
    const plain = await build(good, false)
    const cache = memoryCache()
    await build(good, cache)
    for (const key of [...cache.entries.keys()].filter(key => key.startsWith('batch:'))) {
      const record = (await getRecord(cache, key))!
      const [first] = record.blocks
      await putRecord(cache, key, {
        ...record,
        blocks: [{ ...first!, note: first!.note + 4 }, ...record.blocks.slice(1)],
      })
    }
    const verified = await build(good, cache, true)
    expect(verified.bytes.equals(plain.bytes)).toBe(true)
    expect(verified.warnings).toHaveLength(plain.warnings.length + 1)
  })

  it('makes lost blocks anew without a warning', async () => {
    const good = specOf('store', 'good')
    const plain = await build(good, false)
    const cache = memoryCache()
    await build(good, cache)
    for (const key of cache.entries.keys()) if (key.startsWith('block:')) cache.entries.delete(key)
    expect(await build(good, cache, true)).toEqual(plain)
  })

  it('is not asked for what only a content address vouches for', async () => {
    const remote = createBinaryCache(join(folder, 'remote'))
    const digest = createHash('sha256').update('x').digest()
    const path = storePathOfContentAddress('ca', { method: 'flat', algorithm: 'sha256', digest }, [], false)!.path
    const ca = `fixed:sha256:${digest.toString('hex')}`
    remote.addNar(path, narOfTree({ contents: 'x' }), { key: null, claim: info => ({ ...info, ca }) })
    const server = await serveCache(remote.folder)
    const spec: ImageSpec = { source: server.source, roots: [path], name: 'x' }
    await build(spec, local())
    const before = server.requests.length
    expect(await build(spec, local(), true)).toMatchObject({ cachedNarSize: 0, warnings: [] })
    expect(server.requests.slice(before).filter(request => request.path.startsWith('nar/'))).toHaveLength(1)
  })
})
