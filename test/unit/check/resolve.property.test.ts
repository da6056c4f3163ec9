import { mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { byteString } from '../../../src/bytes/index.ts'
import type { CheckedNode } from '../../../src/check/index.ts'
import { resolvePath } from '../../../src/check/resolve.ts'
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
      const nodes = new Map<string, CheckedNode>()
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
          stored === undefined
            ? { type: 'directory', mode: 0o755 }
            : { type: 'symlink', mode: 0o777, target: latin1(stored) },
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

it('paths never leave the tree, and loops end', async () => {
  const nodes = new Map<string, CheckedNode>([
    ['out', { type: 'symlink', mode: 0o777, target: byteString`../../../in` }],
    ['in', { type: 'file', mode: 0o644 }],
    ['loop', { type: 'symlink', mode: 0o777, target: byteString`loop` }],
  ])
  const lookup = async (path: string) => nodes.get(path)
  expect(await resolvePath(lookup, byteString`../out`)).toMatchObject({ path: 'in', node: { type: 'file' } })
  expect((await resolvePath(lookup, byteString`loop`)).node).toBeUndefined()
  expect((await resolvePath(lookup, byteString`in/file`)).node).toBeUndefined()
})
