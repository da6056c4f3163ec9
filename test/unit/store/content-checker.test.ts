import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { type ContentCheck, contentCheckOf, parseStorePath } from '../../../src/nix/index.ts'
import { createContentChecker } from '../../../src/store/content-checker.ts'
import { eventsOfNar, narOfTree, type Tree } from '../nix/nar-support.ts'

const FILE: Tree = { contents: 'hi' }
const TREE: Tree = {
  children: {
    a: { children: { f: FILE } },
    // Between these two names git has the folder "a", and a NAR does not.
    'a.b': { children: { y: { contents: 'x' } } },
    a0: { contents: 'z' },
    empty: { children: {} },
    l: { symlink: 'a' },
    run: { contents: 'run', executable: true },
  },
}

/** What Nix 2.34 made of them (nix store add). */
const MADE: [ca: string, path: string, Tree][] = [
  ['fixed:git:sha1:d0wlb3rp3jik4xq433kpj7f2z6m5378k', 'cjpfl8czjj8vy559jhgllfdza6kgl62z-t', TREE],
  ['fixed:git:sha256:10pjrc7xknrnskj7pb053zlfkz204an1dj1855kw400khjxgscmy', '1p2wyq9h1zrymkwcdbyr17w3nbn39lcw-t', TREE],
  ['fixed:r:blake3:1v8j5lpdc4jjw9i79nzp0l1i6alypqqc2nc2cg8mdrcpa88a37ch', '4vqnkfvnw6l4512g2gwkfxnzpvmjkd2d-t', TREE],
  ['fixed:blake3:1jl6gnk5vpkhdm0n1qqylsnbgmczn10q984l5mibcrqvmfd2w1c5', 'jpl9pqir4qk489k2agxfd62in78pfklm-f', FILE],
]

async function problemOf(tree: Tree, check: ContentCheck, name = '01h6b15ys4wgsaivd4z7g3n220csz5d4-f') {
  const checker = await createContentChecker(parseStorePath(`/nix/store/${name}`), check)
  const nar = narOfTree(tree)
  for (let at = 0; at < nar.length; at += 100) checker.bytes(nar.subarray(at, at + 100))
  for (const event of eventsOfNar(nar)) checker.event(event)
  return checker.problem()
}

describe('createContentChecker', () => {
  it.each(MADE)('takes what Nix gives the address %s', async (ca, name, tree) => {
    const check = contentCheckOf({ path: parseStorePath(`/nix/store/${name}`), references: [], ca })
    expect(await problemOf(tree, check!, name)).toBeUndefined()
  })

  it.each<[string, Tree]>([
    ['another byte', { children: { ...TREE.children, a0: { contents: 'y' } } }],
    ['another name', { children: { ...TREE.children, a1: FILE } }],
    ['another mode', { children: { ...TREE.children, run: { contents: 'run' } } }],
    ['another target', { children: { ...TREE.children, l: { symlink: 'b' } } }],
    ['a file for a symlink', { children: { ...TREE.children, l: { contents: 'a' } } }],
    ['a file for a folder', { children: { ...TREE.children, empty: { contents: '' } } }],
    ['a file', FILE],
  ])('refuses %s', async (_, tree) => {
    for (const [ca, name] of MADE) {
      if (tree === FILE && name.endsWith('-f')) continue
      const check = contentCheckOf({ path: parseStorePath(`/nix/store/${name}`), references: [], ca })
      expect(await problemOf(tree, check!, name), ca).toMatch(/not those that its content address names/)
    }
  })

  it('takes a lone file by the ID of its blob, and what git would need a tree for not at all', async () => {
    const digest = createHash('sha1').update('blob 2\0hi').digest()
    const check: ContentCheck = { over: 'git', algorithm: 'sha1', digest }
    expect(await problemOf(FILE, check)).toBeUndefined()
    expect(await problemOf({ ...FILE, executable: true }, check)).toMatch(/have it signed/)
    expect(await problemOf({ symlink: 'hi' }, check)).toMatch(/have it signed/)
  })
})
