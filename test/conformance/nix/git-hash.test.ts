import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createGitHash } from '../../../src/nix/index.ts'
import { inside, makeTree } from '../../make-tree.ts'
import { needs } from '../../programs.ts'
import { arbitraryTree, eventsOfTree, type Tree } from '../../unit/nix/nar-support.ts'

const git = needs('git')

describe.skipIf(git.skip)(`createGitHash gives the IDs that git does${git.because}`, () => {
  it.each(['sha1', 'sha256'] as const)('%s', algorithm => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom('a', 'a.b', 'a0', 'a-', 'b'), arbitraryTree, { minKeys: 1 }),
        children => {
          // Git keeps no empty folders, and has names of its own.
          const tree = withoutEmpty({ children })
          fc.pre(tree !== undefined)
          const hash = createGitHash(algorithm)
          for (const event of eventsOfTree(tree!)) hash.take(event)
          expect(Buffer.from(hash.digest()!).toString('hex')).toBe(idByGit(tree!, algorithm))
        },
      ),
      { numRuns: 12 },
    )
  })
})

function withoutEmpty(tree: Tree): Tree | undefined {
  if (!('children' in tree)) return tree
  const children = Object.entries(tree.children).flatMap(([name, child]) => {
    const kept = /^\.git/i.test(name) ? undefined : withoutEmpty(child)
    return kept ? [[name, kept] as const] : []
  })
  return children.length === 0 ? undefined : { children: Object.fromEntries(children) }
}

function idByGit(tree: Tree, algorithm: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'git-hash-'))
  const run = (...args: string[]) =>
    execFileSync('git', ['--git-dir', join(folder, 'repository'), '--work-tree', join(folder, 'tree'), ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: '1' },
    })
  try {
    mkdirSync(join(folder, 'repository'))
    makeTree(inside(Buffer.from(folder), 'tree'), tree)
    run('init', '--quiet', `--object-format=${algorithm}`)
    run('-c', 'core.protectNTFS=false', '-c', 'core.protectHFS=false', 'add', '--all', '--force')
    return run('write-tree').trim()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
