import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ImageNode, resolvePath } from '../../../src/tree/index.ts'
import { latin1 } from '../../latin1.ts'
import { temporaryFolder } from '../../temporary.ts'

const name = fc.constantFrom('a', 'b', 'c')
/** Four levels of folders stand above the tree, so that ".." stays on disk where the tests look. */
const target = fc.tuple(
  fc.boolean(),
  fc.array(fc.oneof(name, fc.constantFrom('.', '..')), { minLength: 1, maxLength: 4 }),
)
const entries = fc.dictionary(
  fc.array(name, { minLength: 1, maxLength: 3 }).map(names => names.join('/')),
  fc.option(target),
  {
    maxKeys: 8,
  },
)

it('paths lead where the kernel leads them', async () => {
  const top = temporaryFolder()
  let run = 0
  await fc.assert(
    fc.asyncProperty(entries, fc.array(name, { minLength: 1, maxLength: 3 }), async (wanted, names) => {
      const root = join(top, String(run++))
      mkdirSync(root)
      const nodes = new Map<string, ImageNode>()
      for (const [path, link] of Object.entries(wanted).sort(([a], [b]) => (a < b ? -1 : 1))) {
        const [isAbsolute, parts] = link ?? [false, undefined]
        // What would leave the tree is clamped at its root, which only a change of the kernel's root would show.
        if (
          parts?.includes('..') &&
          (isAbsolute || parts.filter(part => part === '..').length >= path.split('/').length)
        )
          continue
        const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')))
        if (parent !== '' && nodes.get(parent)?.type !== 'directory') continue
        if (parts === undefined) mkdirSync(join(root, path))
        else symlinkSync((isAbsolute ? `${root}/` : '') + parts.join('/'), join(root, path))
        const stored = parts && (isAbsolute ? '/' : '') + parts.join('/')
        nodes.set(
          path,
          stored === undefined ? { type: 'directory', mode: 0o755 } : { type: 'symlink', target: latin1(stored) },
        )
      }
      for (const folder of [...nodes].filter(([, { type }]) => type === 'directory').map(([path]) => path)) {
        writeFileSync(join(root, folder, 'file'), '')
        nodes.set(`${folder}/file`, { type: 'file', mode: 0o644 })
      }
      const start = latin1([...names, 'file'].join('/'))
      let real: string | undefined
      try {
        real = realpathSync(join(root, start))
      } catch {}
      if (real !== undefined && !real.startsWith(`${root}/`)) return
      const found = await resolvePath(async path => nodes.get(path), start)
      if (real === undefined) expect(found.node?.type).not.toBe('file')
      else expect(found).toMatchObject({ node: { type: 'file' }, path: real.slice(root.length + 1) })
    }),
    { numRuns: 500 },
  )
})

describe('a path', () => {
  const link = (target: string): ImageNode => ({ type: 'symlink', target: latin1(target) })
  const chain = Array.from({ length: 41 }, (_, i) => [`chain${i}`, link(`chain${i + 1}`)] as const)
  const nodes = new Map<string, ImageNode>([
    ['out', link('../../../in')],
    ['in', { type: 'file', mode: 0o644 }],
    ['folder', { type: 'directory', mode: 0o700 }],
    ['folder/up', link('..')],
    ['loop', link('loop')],
    ['chain41', { type: 'file', mode: 0o644 }],
    ...chain,
  ])
  const resolve = (path: string, linksMax?: number) =>
    resolvePath(async path => nodes.get(path), latin1(path), linksMax)

  it.each([
    ['', '', 'directory'],
    ['../out', 'in', 'file'],
    ['/folder//up/./in', 'in', 'file'],
    ['folder/up/folder', 'folder', 'directory'],
    ['chain9', 'chain41', 'file'],
  ])('%j never leaves the tree', async (path, end, type) => {
    expect(await resolve(path)).toMatchObject({ path: end, node: { type } })
  })

  it.each([
    ['nothing', 'nothing', 'missing'],
    ['folder/nothing/in', 'folder/nothing', 'missing'],
    ['in/file', 'in/file', 'not-a-directory'],
    ['in/..', 'in/..', 'not-a-directory'],
    ['loop', 'loop', 'loop'],
    ['chain8', 'chain40', 'loop'],
  ])('%j leads nowhere', async (path, end, problem) => {
    const found = await resolve(path)
    expect(found).toMatchObject({ path: end, problem })
    expect(found.node).toBeUndefined()
  })

  it('may lead through as many symlinks as are allowed', async () => {
    const { links, node } = await resolve('chain1', 40)
    expect(node).toBeDefined()
    expect(links).toHaveLength(40)
    expect(links[1]).toEqual({ path: 'chain2', target: 'chain3' })
    expect(await resolve('chain0', 40)).toMatchObject({ problem: 'loop' })
  })

  it('that symlinks make endless is given up soon', async () => {
    let size = 0
    const target = latin1('a/'.repeat(2000))
    const { problem } = await resolvePath(
      async path => {
        size += path.length
        return path.endsWith('/z') ? { type: 'symlink', target } : { type: 'directory', mode: 0o755 }
      },
      latin1('b/z/'.repeat(1000)),
    )
    expect(problem).toBe('missing')
    expect(size).toBeLessThan(300_000)
  })
})
