import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readTarTree } from '../../../src/bench/tree-digest.ts'
import { makeTree } from '../../make-tree.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'

const programs = needs('tar', 'bsdtar', 'ln')

describe.skipIf(programs.skip)(`the tree in a tar${programs.because}`, () => {
  function makeRoot() {
    const folder = temporaryFolder()
    const root = join(folder, 'root')
    const store = join(root, 'nix/store')
    mkdirSync(store, { recursive: true })
    const long = 'n'.repeat(120)
    makeTree(Buffer.from(join(store, 'a')), {
      children: {
        [long]: { contents: 'long' },
        empty: { contents: '' },
        link: { symlink: long },
        sub: { children: {} },
      },
    })
    execFileSync('ln', [join(store, 'a', long), join(store, 'a/zz')])
    writeFileSync(join(root, 'nix-path-registration'), 'text\n')
    const pack = (program: string, ...args: string[]) => {
      const file = join(folder, 'packed.tar')
      execFileSync(program, [...args, '-C', root, '-cf', file, 'nix', 'nix-path-registration'])
      return readTarTree(file)
    }
    return { store, pack }
  }

  it('is the same whoever wrote it, and however', async () => {
    const { pack } = makeRoot()
    const expected = await pack('tar', '--format=gnu', '--hard-dereference')
    expect(expected).toMatchObject({ entries: 6, registration: 'text\n' })
    expect(await pack('tar', '--format=gnu', '--mtime=@7', '--owner=5')).toEqual(expected)
    expect(await pack('tar', '--format=posix', '--sort=name')).toEqual(expected)
    expect(await pack('bsdtar')).toEqual(expected)
  })

  it('is another one with another file, link or name', async () => {
    const { store, pack } = makeRoot()
    const before = (await pack('tar')).digest
    writeFileSync(join(store, 'a/empty'), 'x')
    const changed = (await pack('tar')).digest
    expect(changed).not.toBe(before)
    execFileSync('ln', ['-sfn', 'elsewhere', join(store, 'a/link')])
    expect((await pack('tar')).digest).not.toBe(changed)
  })
})
