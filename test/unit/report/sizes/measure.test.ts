import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build, type ImageFormat } from '../../../../src/index.ts'
import { openImage } from '../../../../src/open/index.ts'
import { explainPath, type ImageSizes, measureImage } from '../../../../src/report/index.ts'
import { storePathOf } from '../../../chroot-store.ts'
import { createNixosStore } from '../../../nixos-store.ts'
import { END_OF_TAR, rawEntry } from '../../../raw-tar.ts'
import { temporaryFolder } from '../../../temporary.ts'

async function buildImage(format: ImageFormat = 'tar.xz') {
  const folder = temporaryFolder()
  const store = createNixosStore(folder)
  const shared = store.add('shared', { contents: 's'.repeat(5000) })
  const tool = store.add('tool-1.2', { contents: 't' }, [shared, storePathOf('tool-1.2')])
  const { toplevel, etc, source } = store
  const spec = { source, toplevel, roots: [tool], name: 'web', format, level: 0 }
  const { image } = await build(spec, { workers: 1, cache: false }).toFolder(join(folder, 'out'))
  return { image, toplevel, etc, shared, tool }
}

async function measure(file: string, manifest?: false): Promise<ImageSizes> {
  await using image = await openImage(file, { manifest })
  return await measureImage(image)
}

const sum = (sizes: ImageSizes, key: 'tarSize' | 'fileSize') =>
  [...sizes.storePaths, ...sizes.others].reduce((total, part) => total + part[key], 0)

/** What is known of store paths however the file is compressed. */
function withoutShares({ fileSize, narSize, toplevel, roots, storePaths }: ImageSizes) {
  const known = storePaths.map(({ fileSize: _, addedFileSize: __, ...rest }) => rest)
  return { fileSize, narSize, toplevel, roots, storePaths: known.sort((a, b) => (a.path < b.path ? -1 : 1)) }
}

describe('sizes of an image', () => {
  it.each<[ImageFormat, false | undefined]>([
    ['tar.xz', undefined],
    ['tar.xz', false],
    ['tar', undefined],
    ['tar', false],
    ['tar.gz', undefined],
    ['tar.zst', undefined],
  ])('are all of it: %s, manifest %s', async (format, manifest) => {
    const { image, toplevel, tool, shared } = await buildImage(format)
    const sizes = await measure(image, manifest)
    expect(sum(sizes, 'fileSize')).toBe(sizes.fileSize)
    expect(sum(sizes, 'tarSize')).toBe(sizes.tarSize)
    expect(new Set(sizes.roots)).toEqual(new Set([toplevel, tool]))
    const of = (path: string) => sizes.storePaths.find(each => each.path === path)!
    expect(of(tool)).toMatchObject({ closureSize: of(tool).narSize + of(shared).narSize, references: [shared] })
    expect(of(tool).addedSize).toBe(of(tool).closureSize)
    expect(of(tool).addedFileSize).toBe(of(tool).fileSize + of(shared).fileSize)
    expect(of(shared).keeper).toBe(tool)
    expect(of(tool).keeper).toBeUndefined()
    const largest = sizes.storePaths.map(({ fileSize }) => fileSize)
    expect(largest).toEqual([...largest].sort((a, b) => b - a))
  })

  it.each(['tar.xz', 'tar', 'tar.gz'] as const)('are the same without the manifest: %s', async format => {
    const { image, toplevel } = await buildImage(format)
    const known = await measure(image)
    expect([known.toplevel, known.roots[0]]).toEqual([toplevel, toplevel])
    const found = await measure(image, false)
    // What each part of a .gz file holds, and where its tar ends, is known by the manifest alone.
    if (format === 'tar.gz') expect(withoutShares(found)).toEqual(withoutShares(known))
    else expect(found).toEqual(known)
  })

  it.each([
    ['the program that is started', { 'sbin/init': 'SYSTEM/init' }],
    ['the profile', { 'nix/var/nix/profiles/system': 'SYSTEM' }],
    [
      'a generation of the profile',
      { 'nix/var/nix/profiles/system': 'system-7-link', 'nix/var/nix/profiles/system-7-link': 'SYSTEM' },
    ],
    [
      'the program in the profile',
      { 'sbin/init': '../nix/var/nix/profiles/system/init', 'nix/var/nix/profiles/system': 'SYSTEM/' },
    ],
  ])('begin at the system by %s', async (_, links) => {
    const system = storePathOf('nixos-system-x')
    const other = storePathOf('other')
    const entry = (path: string) => [path, `sha256:${'0'.repeat(52)}`, 7, '', 0, ''].join('\n')
    const entries = [
      // Its order among the roots is that of the registration, unless something makes it the first.
      rawEntry({ name: 'nix-path-registration', data: entry(other) + entry(system) }),
      ...Object.entries(links).map(([name, target]) =>
        rawEntry({ name, type: '2', linkname: target.replace('SYSTEM', system) }),
      ),
    ]
    const file = join(temporaryFolder(), 'a.tar')
    writeFileSync(file, Buffer.concat([...entries, END_OF_TAR]))
    expect(await measure(file)).toMatchObject({ toplevel: system, roots: [system, other] })
  })

  it('begin at no system that is not registered, or where links go round', async () => {
    const link = (name: string, linkname: string) => rawEntry({ name, type: '2', linkname })
    const registration = rawEntry({ name: 'nix-path-registration' })
    const file = join(temporaryFolder(), 'a.tar')
    for (const target of [storePathOf('unknown'), '../nix/var/nix/profiles/system', '/']) {
      const links = [link('sbin/init', target), link('nix/var/nix/profiles/system', 'system/a')]
      writeFileSync(file, Buffer.concat([registration, ...links, END_OF_TAR]))
      expect(await measure(file)).toMatchObject({ roots: [], storePaths: [] })
      expect((await measure(file)).toplevel).toBeUndefined()
    }
  })

  it('count what is in the store and not registered as other entries', async () => {
    const [known, unknown] = [storePathOf('known'), storePathOf('unknown')]
    const registration = [known, `sha256:${'0'.repeat(52)}`, 7, '', 2, storePathOf('gone'), known, ''].join('\n')
    const entries = [
      rawEntry({ name: known.slice(1), data: 'k'.repeat(700) }),
      rawEntry({ name: unknown.slice(1), data: 'u' }),
      rawEntry({ name: 'nix-path-registration', data: registration }),
    ]
    const file = join(temporaryFolder(), 'a.tar')
    writeFileSync(file, Buffer.concat([...entries, END_OF_TAR]))
    const sizes = await measure(file)
    const references: string[] = []
    const rest = { tarSize: 512 + 1024, fileSize: 512 + 1024, closureSize: 7, addedSize: 7, addedFileSize: 1536 }
    expect(sizes.storePaths).toMatchObject([{ path: known, narSize: 7, references, ...rest }])
    const others = 1024 + 1024 + END_OF_TAR.length
    expect(sizes.others).toEqual([
      { part: 'entries', tarSize: others, fileSize: others },
      { part: 'container', tarSize: 0, fileSize: 0 },
    ])
  })
})

describe('why a store path is in an image', () => {
  it('is a chain of references from the toplevel', async () => {
    const { image, toplevel, etc, shared, tool } = await buildImage()
    const sizes = await measure(image)
    expect(explainPath(sizes, etc)).toEqual({ path: etc, chain: [toplevel, etc], referrers: [toplevel] })
    expect(explainPath(sizes, shared)).toEqual({ path: shared, chain: [tool, shared], referrers: [tool] })
    expect(explainPath(sizes, toplevel)).toEqual({ path: toplevel, chain: [toplevel], referrers: [] })
  })

  it('is asked by a path, something in it, a hash, a name, or how they begin', async () => {
    const { image, tool, toplevel } = await buildImage()
    const sizes = await measure(image)
    const base = tool.slice('/nix/store/'.length)
    const words = [
      tool,
      tool.slice(1),
      `${tool}/bin/tool`,
      base,
      base.slice(0, 32),
      base.slice(0, 9),
      'tool-1.2',
      'tool',
    ]
    for (const word of words) expect(explainPath(sizes, word).path).toBe(tool)
    expect(explainPath(sizes, 'nixos').path).toBe(toplevel)
  })

  it('is not answered where several may be meant, or none', async () => {
    const { image, tool } = await buildImage()
    const sizes = await measure(image)
    const other = tool.replace(/-tool.*/, '-tool-1.3')
    const two = { ...sizes, storePaths: [...sizes.storePaths, { ...sizes.storePaths[0]!, path: other }] }
    const ask = (word: string) => () => explainPath(two, word)
    expect(ask('tool')).toThrow(`"tool": may be "${[tool, other].join('", "')}"; give more of the path`)
    expect(explainPath(two, 'tool-1.2').path).toBe(tool)
    expect(ask('none\n')).toThrow('"none\\n": the image has no such store path')
    expect(ask('')).toThrow(TypeError)
  })
})
