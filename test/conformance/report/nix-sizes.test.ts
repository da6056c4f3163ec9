import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build } from '../../../src/index.ts'
import { openImage } from '../../../src/open/index.ts'
import { explainPath, type ImageSizes, measureImage } from '../../../src/report/index.ts'
import { createChrootStore, storePathOf } from '../../chroot-store.ts'
import { needs } from '../../programs.ts'

const COUNT = 80
const nix = needs('nix', 'nix-store')

describe.skipIf(nix.skip)(`sizes of an image are those of Nix${nix.because}`, () => {
  let folder = ''
  let top = ''
  let sizes: ImageSizes
  let run: (...args: string[]) => string

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-sizes-'))
    const store = createChrootStore(folder)
    // References by a rule that makes long chains, diamonds and shared paths; every third path refers to itself.
    const paths: string[] = []
    const kept = new Set<string>()
    for (let i = 0; i < COUNT; i++) {
      const name = `part-${i}`
      const targets = new Set([i - 1, Math.floor(i / 2), (i * 7) % 31, (i * i) % 17].filter(to => to >= 0 && to < i))
      const references = [...targets].filter(to => i % 4 !== 0 || to % 2 === 0).map(to => paths[to]!)
      if (i % 3 === 0) references.push(storePathOf(name))
      for (const path of references) if (path !== storePathOf(name)) kept.add(path)
      // The last one keeps all that nothing else does.
      if (i === COUNT - 1) references.push(...paths.filter(path => !kept.has(path)))
      paths.push(store.add(name, { contents: 'x'.repeat(1 + i * 97) }, references))
    }
    top = paths.at(-1)!
    const env = { ...process.env, NIX_CONFIG: 'build-users-group =\nexperimental-features = nix-command' }
    run = (...args) => execFileSync(args[0]!, ['--store', store.root, ...args.slice(1)], { env, encoding: 'utf8' })
    const input = readFileSync(join(folder, 'info/registration'))
    execFileSync('nix-store', ['--store', store.root, '--load-db'], { env, input })
    const spec = { source: store.source, roots: [top], name: 'parts', level: 0 }
    const { image: file } = await build(spec, { workers: 1, cache: false }).toFolder(join(folder, 'out'))
    await using image = await openImage(file)
    sizes = await measureImage(image)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('of NARs and closures: nix path-info -rsS', () => {
    const theirs = run('nix', 'path-info', '--recursive', '--size', '--closure-size', top).trimEnd().split('\n')
    const ours = sizes.storePaths.map(({ path, narSize, closureSize }) => [path, `${narSize}`, `${closureSize}`])
    expect(ours.length).toBeGreaterThan(40)
    expect(ours.sort()).toEqual(theirs.map(line => line.split(/\s+/)).sort())
  })

  it('and chains are as short as those of nix why-depends', () => {
    expect(sizes.roots).toEqual([top])
    for (const { path } of sizes.storePaths) {
      if (path === top) continue
      const theirs = run('nix', 'why-depends', top, path).match(/\/nix\/store\/[0-9a-z]{32}-part-\d+/g)!
      const { chain } = explainPath(sizes, path)
      expect([chain[0], chain.at(-1), chain.length]).toEqual([top, path, theirs.length])
    }
  })

  it('and referrers are those of nix-store --query --referrers', () => {
    for (const { path } of sizes.storePaths) {
      const theirs = run('nix-store', '--query', '--referrers', path)
        .split('\n')
        .filter(other => other && other !== path)
      const ours = explainPath(sizes, path).referrers
      expect(ours).toEqual(theirs.filter(other => sizes.storePaths.some(each => each.path === other)).sort())
    }
  })
})
