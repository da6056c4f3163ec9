import { describe, expect, it } from 'vitest'
import { byteString } from '../../../src/bytes/index.ts'
import { type PathInfo, parseNarHash, parseStorePath } from '../../../src/nix/index.ts'
import { planImage } from '../../../src/plan/plan.ts'
import type { Closure } from '../../../src/store/index.ts'
import { storePathOf } from '../../chroot-store.ts'
import { createRandom } from '../../lzma2-inputs.ts'

const MiB = 2 ** 20
const narHash = parseNarHash(`sha256:${'0'.repeat(64)}`)

function infosOf(count: number): PathInfo[] {
  const random = createRandom(1)
  const infos = Array.from({ length: count }, (_, i) => {
    const narSize = 1000 + (random() % (2 ** (random() % 24) + 1))
    return { path: parseStorePath(storePathOf(`package-${i}`)), narHash, narSize, references: [] }
  })
  return infos.sort((a, b) => (a.path.path < b.path.path ? -1 : 1))
}

function groupsOf(paths: readonly PathInfo[]): { size: number; paths: string[] }[] {
  const closure: Closure = {
    storeDir: '/nix/store',
    paths,
    contentsOf: () => ({ type: 'files', path: byteString`` }),
    nodeAt: async () => undefined,
    supply: { access: {}, cacheUrls: [] },
    warnings: [],
  }
  return planImage(closure, []).batches.map(({ segments }) => ({
    size: segments.reduce((sum, { narSize }) => sum + narSize, 0),
    paths: segments.map(({ path }) => path.path),
  }))
}

describe('groups of store paths', () => {
  const infos = infosOf(600)
  const groups = groupsOf(infos)

  it('hold every path once, in order', () => {
    expect(groups.flatMap(({ paths }) => paths)).toEqual(infos.map(({ path }) => path.path))
  })

  it('are of several small paths, or of a large one alone', () => {
    const large = new Set(infos.filter(({ narSize }) => narSize >= 4 * MiB).map(({ path }) => path.path))
    for (const { paths, size } of groups) {
      if (paths.some(path => large.has(path))) expect(paths).toHaveLength(1)
      else expect(size).toBeLessThanOrEqual(8 * MiB)
    }
    expect(groups.length).toBeLessThan(infos.length / 3)
  })

  it('stay as they are when a path comes or goes, but for those next to it', () => {
    const before = new Set(groups.map(({ paths }) => paths.join()))
    const sizeOfAll = infos.reduce((sum, { narSize }) => sum + narSize, 0)
    let made = 0
    for (const gone of infos) {
      const after = groupsOf(infos.filter(info => info !== gone))
      made += after.filter(({ paths }) => !before.has(paths.join())).reduce((sum, { size }) => sum + size, 0)
    }
    // A mean group is as much as that; where borders depend on what is before them, it takes a few groups to agree again.
    expect(made / infos.length).toBeLessThan(8 * MiB)
    expect(made / infos.length).toBeLessThan(sizeOfAll / 20)
  })
})
