import { hash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build, FORMATS, type ImageManifest, VERSION } from '../../../src/index.ts'
import { bulk, createNixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'

const buildHere = async (folder: string, format: (typeof FORMATS)[number]) => {
  const store = createNixosStore(folder)
  // Large enough to be cut into several blocks, in every format.
  store.add('large', bulk(20))
  const spec = { source: store.source, toplevel: store.toplevel, format, level: 0, nspawn: '[Exec]\n' }
  return build(spec).toFolder(join(folder, 'out'))
}

describe.each(FORMATS)('the manifest of %s', format => {
  it('adds up', async () => {
    const { manifest, image, files, tarSize, size } = await buildHere(temporaryFolder(), format)
    const { segments, blocks, artefacts, storePaths } = manifest
    expect(manifest).toMatchObject({ tarSize, format, builder: `nspawn-rootfs ${VERSION}`, manifestVersion: 1 })

    // Segments and blocks both cover the tar, one after the other; blocks stand in the file with nothing between.
    let tarOffset = 0
    for (const segment of segments) {
      expect(segment.tarOffset).toBe(tarOffset)
      tarOffset += segment.tarSize
    }
    expect(tarOffset).toBe(tarSize)
    tarOffset = 0
    let offset = blocks[0]!.offset
    for (const block of blocks) {
      expect(block).toMatchObject({ tarOffset, offset })
      tarOffset += block.tarSize
      offset += block.size
    }
    expect(tarOffset).toBe(tarSize)
    expect(blocks.length).toBeGreaterThan(3)
    expect(offset).toBeLessThanOrEqual(size)

    expect(segments.flatMap(({ storePath = [] }) => storePath)).toEqual(storePaths.map(({ path }) => path))
    expect(artefacts.map(({ file }) => file)).toEqual([
      ...[`nixos-system-x86_64-linux.${format}`, 'nixos-system-x86_64-linux.nspawn'],
    ])
    expect(artefacts[0]).toEqual({ file: expect.anything(), size: statSync(image).size, sha256: sha256Of(image) })
    expect(JSON.parse(readFileSync(files.at(-2)!, 'utf8'))).toEqual(manifest)
  })
})

describe('the manifest', () => {
  it('tells where every segment of a plain tar begins', async () => {
    const { manifest, image } = await buildHere(temporaryFolder(), 'tar')
    const tar = readFileSync(image)
    for (const { storePath, tarOffset } of manifest.segments) {
      if (!storePath) continue
      const name = tar.toString('latin1', tarOffset, tarOffset + 100).replace(/\/?\0.*$/s, '')
      expect(`/${name}`).toBe(storePath)
    }
  })

  it('is the same from another folder, and tells nothing of this machine', async () => {
    const [one, two] = [temporaryFolder(), temporaryFolder()]
    const texts = []
    for (const folder of [one, two]) texts.push(manifestText((await buildHere(folder, 'tar.xz')).files))
    expect(texts[0]).toBe(texts[1])
    for (const told of [one, '/tmp', hostname(), process.cwd(), String(new Date().getFullYear())]) {
      // Digests hold any digits.
      expect(texts[0]!.replace(/[0-9a-z]{32,}/g, '')).not.toContain(told)
    }
  })

  it('is plain data that names what it is for', async () => {
    const { manifest }: { manifest: ImageManifest } = await buildHere(temporaryFolder(), 'tar.xz')
    expect(manifest.compression).toMatch(/^xz, LZMA2 by .*, level 0, x86 branches where it pays, crc64$/)
    expect(manifest.system).toBe('x86_64-linux')
    expect(structuredClone(manifest)).toEqual(manifest)
  })
})

const manifestText = (files: readonly string[]) =>
  readFileSync(files.find(file => file.endsWith('.manifest.json'))!, 'utf8')
const sha256Of = (file: string) => hash('sha256', readFileSync(file))
