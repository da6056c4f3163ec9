import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { build, type ImageManifest, type PullProgress, pullImage } from '../../../src/index.ts'
import { createChrootStore } from '../../chroot-store.ts'
import { sharedFolder, temporaryFolder } from '../../temporary.ts'
import { serve } from './servers.ts'
import { imageIn, noise } from './support.ts'

const CHECKSUM = { verify: 'checksum', cache: false } as const

const shared = sharedFolder()
let one: string
let two: string
beforeAll(async () => {
  const store = createChrootStore(shared)
  const add = (name: string) => store.add(name, { contents: noise(name, 700_000).toString('latin1') })
  const same = Array.from({ length: 12 }, (_, i) => add(`small-${i}`))
  const publish = async (version: string) => {
    const out = join(shared, version)
    const roots = [...same, add(`changing-${version}`)]
    await build({ name: 'web', source: store.source, roots, level: 1 }, { cache: false, workers: 1 }).toFolder(out)
    return out
  }
  one = await publish('one')
  two = await publish('two')
})

const manifestIn = (folder: string): ImageManifest =>
  JSON.parse(readFileSync(join(folder, 'web.manifest.json'), 'utf8'))

/** Bytes of the parts that one image has and the other has not. */
function bytesOfNewPieces(): number {
  const { blocks, framing } = manifestIn(one)
  const known = new Set([...blocks, ...framing].map(({ sha256 }) => sha256))
  const after = manifestIn(two)
  return [...after.blocks, ...after.framing]
    .filter(({ sha256 }) => !known.has(sha256))
    .reduce((sum, { size }) => sum + size, 0)
}

describe('of a block that begins like an older one', () => {
  it('only the rest is fetched', async () => {
    const server = await serve(two)
    const pulled = await pullImage(server.url, temporaryFolder(), { ...CHECKSUM, from: [join(one, 'web.tar.xz')] })
    expect(pulled.bytesFetched).toBeLessThan(bytesOfNewPieces() - 500_000)
    expect(pulled.bytesFetched + pulled.bytesReused).toBe(pulled.size)
    const image = imageIn(two)
    expect(readFileSync(pulled.image).equals(image)).toBe(true)
  })

  it('only the rest is fetched, and told at last, where nothing else is missing', async () => {
    const folder = temporaryFolder()
    mkdirSync(join(folder, '.web.tar.xz.pull'), { mode: 0o700 })
    const partial = imageIn(two)
    const { blocks, artefacts } = manifestIn(two)
    const known = new Set(manifestIn(one).blocks.map(({ sha256 }) => sha256))
    // The other one has the registration.
    const changed = blocks.filter(({ sha256 }) => !known.has(sha256))
    const [{ offset, size: blockSize }] = changed.sort((a, b) => b.size - a.size)
    partial.fill(0, offset, offset + blockSize)
    writeFileSync(join(folder, '.web.tar.xz.pull', `partial-${artefacts[0].sha256}`), partial)
    const server = await serve(two)
    const told: PullProgress[] = []
    const { bytesReused, bytesFetched, size } = await pullImage(server.url, folder, {
      ...CHECKSUM,
      from: [join(one, 'web.tar.xz')],
      onProgress: progress => told.push(progress),
    })
    expect(told.at(-1)).toEqual({ bytesReused, bytesFetched, bytesTotal: size })
    expect(bytesReused + bytesFetched).toBe(size)
  })

  it('all is fetched if the older one is not what its manifest says', async () => {
    const older = temporaryFolder()
    copyFileSync(join(one, 'web.manifest.json'), join(older, 'web.manifest.json'))
    const image = imageIn(one)
    for (const { offset, size } of manifestIn(one).blocks) if (size > 1000) image[offset + 500] ^= 1
    writeFileSync(join(older, 'web.tar.xz'), image)
    const server = await serve(two)
    const pulled = await pullImage(server.url, temporaryFolder(), { ...CHECKSUM, from: [join(older, 'web.tar.xz')] })
    expect(readFileSync(pulled.image).equals(imageIn(two))).toBe(true)
    expect(pulled.bytesFetched).toBeGreaterThan(pulled.size * 0.9)
  })

  it('all is fetched from a server without ranges, or one that fails', async () => {
    const from = [join(one, 'web.tar.xz')]
    const plain = await serve(two, { ranges: false })
    const pulled = await pullImage(plain.url, temporaryFolder(), { ...CHECKSUM, from })
    expect(readFileSync(pulled.image).equals(imageIn(two))).toBe(true)
    let count = 0
    const failing = await serve(two, {
      fault(answer) {
        if (answer.status === 206 && count++ < 4) answer.status = 403
      },
    })
    const again = await pullImage(failing.url, temporaryFolder(), { ...CHECKSUM, from })
    expect(readFileSync(again.image).equals(imageIn(two))).toBe(true)
  })
})
