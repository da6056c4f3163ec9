import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build, FORMATS, type ImageManifest, VERSION } from '../../../src/index.ts'
import { parseManifest } from '../../../src/manifest/index.ts'
import { parseRegistration } from '../../../src/nix/index.ts'
import { storePathOf } from '../../chroot-store.ts'
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
    const { segments, blocks, framing, artefacts, storePaths } = manifest
    expect(manifest).toMatchObject({ tarSize, format, builder: `nspawn-rootfs ${VERSION}`, version: 1 })

    // Segments and blocks both cover the tar, one after the other; blocks and framing cover the file.
    let tarOffset = 0
    for (const segment of segments) {
      expect(segment.tarOffset).toBe(tarOffset)
      tarOffset += segment.tarSize
    }
    expect(tarOffset).toBe(tarSize)
    tarOffset = 0
    for (const block of blocks) {
      expect(block.tarOffset).toBe(tarOffset)
      tarOffset += block.tarSize
    }
    expect(tarOffset).toBe(tarSize)
    expect(blocks.length).toBeGreaterThan(3)
    const bytes = readFileSync(image)
    let offset = 0
    for (const run of [...blocks, ...framing].sort((a, b) => a.offset - b.offset)) {
      expect(run.offset).toBe(offset)
      offset += run.size
      const isPlainBlock = format === 'tar' && 'tarSize' in run
      expect(run.sha256).toBe(isPlainBlock ? undefined : hash('sha256', bytes.subarray(run.offset, offset)))
    }
    expect(offset).toBe(size)
    expect(framing.length).toBe({ 'tar.xz': 2, 'tar.gz': 2, 'tar.zst': 0, tar: 0 }[format])

    expect(segments.flatMap(({ storePath = [] }) => storePath)).toEqual(storePaths.map(({ path }) => path))
    expect(artefacts.map(({ file }) => file)).toEqual([
      ...[`nixos-system-x86_64-linux.${format}`, 'nixos-system-x86_64-linux.nspawn'],
    ])
    expect(artefacts[0]).toEqual({ file: expect.anything(), size: statSync(image).size, sha256: sha256Of(image) })
    const text = readFileSync(files.at(-2)!, 'utf8')
    expect(parseManifest(text)).toEqual(manifest)
    // One item a line.
    expect(text.split('\n').filter(line => line.startsWith('    {')).length).toBe(
      artefacts.length + storePaths.length + segments.length + blocks.length + framing.length,
    )
  })
})

describe('the manifest', () => {
  it('has the references of the registration in the image', async () => {
    const folder = temporaryFolder()
    const store = createNixosStore(folder)
    const other = store.add('other', { contents: 'x' })
    const self = store.add('self', { contents: 'x' }, [storePathOf('self'), other])
    const spec = { source: store.source, toplevel: store.toplevel, roots: [self], format: 'tar' } as const
    const { manifest, image } = await build(spec).toFolder(join(folder, 'out'))
    const registration = execFileSync('tar', ['-xOf', image, 'nix-path-registration'], { encoding: 'utf8' })
    expect(manifest.storePaths).toEqual(
      parseRegistration(registration).map(({ path, narHash, narSize, references }) => ({
        ...{ path: path.path, narHash, narSize },
        references: references.map(({ baseName }) => baseName),
      })),
    )
    const { references } = manifest.storePaths.find(({ path }) => path === self)!
    expect(references).toEqual([other, self].map(path => basename(path)).sort())
  })

  it('of a stream is that of the file', async () => {
    const folder = temporaryFolder()
    const store = createNixosStore(folder)
    const spec = { source: store.source, toplevel: store.toplevel, level: 0 }
    const { manifest } = await build(spec).toFolder(join(folder, 'out'))
    const job = build(spec)
    for await (const _ of job.stream());
    expect((await job.result).manifest).toEqual(manifest)
  })

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
