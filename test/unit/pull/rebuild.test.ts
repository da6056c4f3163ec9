import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { beforeAll, describe, expect, it } from 'vitest'
import { build, type ImageManifest, type PullOptions, pullImage } from '../../../src/index.ts'
import { createChrootStore } from '../../chroot-store.ts'
import { sharedFolder, temporaryFolder } from '../../temporary.ts'
import { type FolderServer, serve } from './servers.ts'
import { imageIn, noise } from './support.ts'

const THRIFTY = { verify: 'checksum', cache: false, saveTraffic: true } as const

/** Bytes of the package that changes. Nothing compresses it, nor is it the last of its block: its digest, and so its place, comes of its name. */
const CHANGED_SIZE = 300_000

const shared = sharedFolder()
let one: string
let two: string
let otherLevel: string
beforeAll(async () => {
  const store = createChrootStore(shared)
  const add = (name: string, size: number) => store.add(name, { contents: noise(name, size).toString('latin1') })
  const same = Array.from({ length: 12 }, (_, i) => add(`small-${i}`, 700_000))
  const publish = async (version: string, level: number) => {
    const out = join(shared, `${version}-${level}`)
    const roots = [...same, add(`changing-${version}`, CHANGED_SIZE)]
    await build({ name: 'web', source: store.source, roots, level }, { cache: false, workers: 1 }).toFolder(out)
    return out
  }
  one = await publish('one', 1)
  two = await publish('delta', 1)
  otherLevel = await publish('delta', 2)
})

const manifestIn = (folder: string): ImageManifest =>
  JSON.parse(readFileSync(join(folder, 'web.manifest.json'), 'utf8'))

/** Pulls with the first version at hand, and checks that what comes is right. */
async function pullFrom(server: FolderServer, older = one, options: PullOptions = THRIFTY) {
  const pulled = await pullImage(server.url, temporaryFolder(), { ...options, from: [join(older, 'web.tar.xz')] })
  expect(readFileSync(pulled.image).equals(imageIn(server.folder))).toBe(true)
  expect(pulled.bytesFetched + pulled.bytesReused).toBeGreaterThanOrEqual(pulled.size)
  return pulled
}

describe('of a block whose other store paths are on this machine', () => {
  it('only the changed store path is fetched', async () => {
    const server = await serve(two)
    const { bytesFetched } = await pullFrom(server)
    expect(bytesFetched).toBeLessThan(CHANGED_SIZE + 150_000)
    const { bytesFetched: without } = await pullFrom(await serve(two), one, { ...THRIFTY, saveTraffic: false })
    expect(bytesFetched).toBeLessThan(without)
  })

  it('the bytes of another level are made, too', async () => {
    const { bytesFetched } = await pullFrom(await serve(otherLevel), two)
    expect(bytesFetched).toBeLessThan(imageIn(otherLevel).length / 10)
  })

  it('all that is missing is fetched if an older image is not what its manifest says', async () => {
    const older = temporaryFolder()
    copyFileSync(join(one, 'web.manifest.json'), join(older, 'web.manifest.json'))
    const image = imageIn(one)
    for (const { offset, size } of manifestIn(one).blocks) if (size > 1000) image[offset + 500] ^= 1
    writeFileSync(join(older, 'web.tar.xz'), image)
    const { bytesFetched } = await pullFrom(await serve(two), older)
    expect(bytesFetched).toBeGreaterThan(imageIn(two).length * 0.9)
  })

  it('all is fetched if the manifest tells more tar than a block can have', async () => {
    const folder = temporaryFolder()
    copyFileSync(join(two, 'web.tar.xz'), join(folder, 'web.tar.xz'))
    const { blocks, segments, storePaths, ...rest } = manifestIn(two)
    const end = { ...segments.at(-1)!, storePath: storePaths[0].path, tarSize: 2 ** 52 }
    const tarSize = end.tarOffset + end.tarSize
    const last = blocks.at(-1)!
    const manifest: ImageManifest = {
      ...{ ...rest, storePaths, tarSize },
      segments: [...segments.slice(0, -1), end],
      blocks: [...blocks.slice(0, -1), { ...last, tarSize: tarSize - last.tarOffset }],
    }
    writeFileSync(join(folder, 'web.manifest.json'), JSON.stringify(manifest))
    await pullFrom(await serve(folder), otherLevel, { ...THRIFTY, verify: 'no' })
  })

  it('all that is missing is fetched if another encoder made it, or the server has no ranges', async () => {
    await pullFrom(await serve(two, { ranges: false }))
    const folder = temporaryFolder()
    copyFileSync(join(two, 'web.tar.xz'), join(folder, 'web.tar.xz'))
    const manifest = readFileSync(join(two, 'web.manifest.json'), 'utf8')
    writeFileSync(
      join(folder, 'web.manifest.json'),
      manifest.replace(/LZMA2 by nspawn-rootfs \d+/, 'LZMA2 by nspawn-rootfs 0'),
    )
    const { bytesFetched } = await pullFrom(await serve(folder), one, { ...THRIFTY, verify: 'no' })
    expect(bytesFetched).toBeGreaterThan(CHANGED_SIZE + 150_000)
  })
})

it('takes a manifest that is compressed for its transport, and no image', async () => {
  const server = await serve(two, {
    fault(answer, _, request) {
      if (!/\bgzip\b/.test(request.headers['accept-encoding'] ?? '')) return
      answer.body = gzipSync(answer.body)
      answer.headers = { 'content-length': answer.body.length, 'content-encoding': 'gzip' }
    },
  })
  await pullFrom(server)
})
