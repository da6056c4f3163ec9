import { createHash } from 'node:crypto'
import { chmodSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type GeneratedClosure, type GenerateOptions, generateClosure } from '../../../src/bench/generate.ts'
import { build } from '../../../src/index.ts'
import { type PathInfo, parseRegistration } from '../../../src/nix/index.ts'
import { temporaryFolder } from '../../temporary.ts'

const SIZE = 2_000_000

describe('generateClosure', () => {
  it('makes the same for the same seed, wherever it is', async () => {
    const [one, other] = [await generate({ size: SIZE, seed: 1 }), await generate({ size: SIZE, seed: 1 })]
    expect(other.registration).toBe(one.registration)
    expect(other.toplevel).toBe(one.toplevel)
    expect(digestOf(other.root)).toBe(digestOf(one.root))
  })

  it('makes bytes that compress as those of a NixOS system do', async () => {
    const { root, closureInfo, toplevel } = await generate({ size: 12_000_000, seed: 1 })
    const spec = { toplevel, source: { store: root, closureInfo }, name: 'made' } as const
    const { tarSize, size } = await build(spec, { workers: 2, cache: false }).toFolder(temporaryFolder())
    expect(tarSize / size).toBeGreaterThan(3)
    expect(tarSize / size).toBeLessThan(5.5)
  })

  it('makes other paths and contents for another seed', async () => {
    const [one, other] = [await generate({ size: SIZE, seed: 1 }), await generate({ size: SIZE, seed: 2 })]
    expect(pathsOf(other.infos).filter(path => pathsOf(one.infos).includes(path))).toEqual([])
    const hashes = one.infos.map(({ narHash }) => narHash)
    expect(other.infos.filter(({ narHash }) => hashes.includes(narHash))).toEqual([])
  })

  it('changes one package and the toplevel for another version', async () => {
    const { infos, changed } = await generate({ size: SIZE, seed: 1 })
    const fresh = changed.infos.filter(({ path }) => !pathsOf(infos).includes(path.path))
    expect(fresh).toHaveLength(2)
    expect(pathsOf(fresh)).toContain(changed.toplevel)
    expect(changed.infos).toHaveLength(infos.length)
    const kept = pathsOf(infos).filter(path => pathsOf(changed.infos).includes(path))
    expect(kept.map(path => infoOf(changed.infos, path))).toEqual(kept.map(path => infoOf(infos, path)))
  })

  it('changes a package of some megabytes if there is one', async () => {
    const { infos, changed } = await generate({ size: 30_000_000, seed: 3 })
    const [fresh] = changed.infos.filter(
      ({ path }) => path.path !== changed.toplevel && !pathsOf(infos).includes(path.path),
    )
    expect(fresh!.narSize).toBeGreaterThan(500_000)
    expect(fresh!.narSize).toBeLessThan(3_000_000)
  })

  it('refers to store paths of its own, the toplevel to all', async () => {
    const { infos, toplevel } = await generate({ size: SIZE, seed: 2 })
    const paths = pathsOf(infos)
    expect(new Set(infos.map(({ path }) => path.digest)).size).toBe(infos.length)
    expect(paths.length).toBeGreaterThanOrEqual(9)
    for (const { references } of infos) {
      expect(references.map(({ path }) => path).filter(path => !paths.includes(path))).toEqual([])
    }
    const all = infoOf(infos, toplevel).references.map(({ path }) => path)
    expect(all).toEqual(paths.filter(path => path !== toplevel))
  })

  it.each([1_000_000, 4_000_000])('makes about %d bytes of NAR', async size => {
    const { infos } = await generate({ size, seed: 4 })
    const made = infos.reduce((sum, { narSize }) => sum + narSize, 0)
    expect(made / size).toBeGreaterThan(0.95)
    expect(made / size).toBeLessThan(1.2)
  })

  it('gives files and directories the modes of a store, whatever the umask is', async () => {
    const umask = process.umask(0o077)
    onTestFinished(() => void process.umask(umask))
    const { root } = await generate({ size: SIZE, seed: 1 })
    const store = join(root, 'nix/store')
    const modes = readdirSync(store, { recursive: true, encoding: 'utf8' })
      .map(name => lstatSync(join(store, name)))
      .filter(stats => !stats.isSymbolicLink())
      .map(stats => (stats.mode & 0o7777).toString(8))
    expect([...new Set(modes)].sort()).toEqual(['444', '555'])
  })

  it('makes a closure of which an image can be built', async () => {
    const { root, closureInfo, toplevel, infos } = await generate({ size: SIZE, seed: 1 })
    const spec = { toplevel, source: { store: root, closureInfo }, name: 'made', format: 'tar' } as const
    const { image, storePathCount } = await build(spec, { workers: 1, cache: false }).toFolder(temporaryFolder())
    expect(storePathCount).toBe(infos.length)
    expect(readFileSync(image).includes(`${toplevel.slice(1)}/etc/os-release`)).toBe(true)
  })

  it('refuses a size that is too small', async () => {
    await expect(generateClosure(temporaryFolder(), { size: 100, seed: 1 })).rejects.toThrow(RangeError)
  })

  it('ends before the next store path when aborted', async () => {
    const folder = temporaryFolder()
    onTestFinished(() => makeWritable(folder))
    const controller = new AbortController()
    // What aborts it can only run where it yields.
    const generating = generateClosure(folder, { size: SIZE, seed: 1 }, controller.signal)
    setImmediate(() => controller.abort(new Error('enough')))
    await expect(generating).rejects.toThrow('enough')
    expect(readdirSync(join(folder, 'root/nix/store')).length).toBeLessThan(3)
  })
})

/** A closure in a folder of its own, and what its registrations say. */
async function generate(options: GenerateOptions) {
  const { root, changed, ...closure } = await generateClosure(temporaryFolder(), options)
  // Else who is not root could not remove it.
  onTestFinished(() => makeWritable(root))
  return { root, ...withInfos(closure), changed: withInfos(changed) }
}

function withInfos(closure: GeneratedClosure) {
  const registration = readFileSync(join(closure.closureInfo, 'registration'), 'utf8')
  return { ...closure, registration, infos: parseRegistration(registration) }
}

function makeWritable(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(join(folder, entry.name))
  }
}

function pathsOf(infos: readonly PathInfo[]): string[] {
  return infos.map(({ path }) => path.path)
}

function infoOf(infos: readonly PathInfo[], path: string): PathInfo {
  return infos.find(info => info.path.path === path)!
}

/** What all names, links and files below a folder are. */
function digestOf(folder: string): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const stats = lstatSync(join(folder, name))
    hash.update(`${name}\0${stats.mode}\0`)
    if (stats.isSymbolicLink()) hash.update(readlinkSync(join(folder, name)))
    if (stats.isFile()) hash.update(readFileSync(join(folder, name)))
  }
  return hash.digest('hex')
}
