import { describe, expect, it } from 'vitest'
import { createTree, TreeConflictError, type TreeEntry } from '../../../src/tree/index.ts'
import { latin1 } from '../../latin1.ts'

const file = (path: string, origin = 'a', contents = 'x', mode = 0o644): TreeEntry => ({
  ...{ type: 'file', path: latin1(path), origin, mode },
  contents: new TextEncoder().encode(contents),
})
const directory = (path: string, origin = 'a', mode = 0o755): TreeEntry => ({
  type: 'directory',
  path: latin1(path),
  origin,
  mode,
})
const symlink = (path: string, target: string, origin = 'a'): TreeEntry => ({
  type: 'symlink',
  path: latin1(path),
  origin,
  target: latin1(target),
})

describe('createTree', () => {
  it('adds every parent, once, for whoever needed it first', () => {
    expect(createTree([file('a/b/c', 'one'), file('a/b/d', 'two')])).toMatchObject([
      { type: 'directory', path: 'a', mode: 0o755, origin: 'one' },
      { type: 'directory', path: 'a/b', mode: 0o755, origin: 'one' },
      { path: 'a/b/c' },
      { path: 'a/b/d' },
    ])
  })

  it('keeps a directory that someone asked for, though it comes after what lies in it', () => {
    expect(createTree([file('root/x/y'), directory('root', 'b', 0o700)])[0]).toEqual(directory('root', 'b', 0o700))
  })

  it('does not depend on the order of entries that do not clash', () => {
    const entries = [file('a-b'), file('a/b'), symlink('a.b', 'x'), directory('a'), directory('z/y/x')]
    const paths = (entries: TreeEntry[]) => createTree(entries).map(entry => entry.path)
    expect(paths(entries)).toEqual(['a', 'a/b', 'a-b', 'a.b', 'z', 'z/y', 'z/y/x'])
    expect(paths(entries.reverse())).toEqual(paths(entries))
  })

  it('forgives the same said twice', () => {
    const twice = (make: (origin: string) => TreeEntry) => createTree([make('a'), make('b')])
    expect(twice(origin => file('f', origin))).toEqual([file('f')])
    expect(twice(origin => directory('d', origin))).toEqual([directory('d')])
    expect(twice(origin => symlink('s', 't', origin))).toEqual([symlink('s', 't')])
    expect(createTree([])).toEqual([])
  })

  it.each<[string, TreeEntry, TreeEntry]>([
    ['contents', file('p', 'one', 'x'), file('p', 'two', 'y')],
    ['modes of files', file('p', 'one', 'x', 0o644), file('p', 'two', 'x', 0o600)],
    ['modes of directories', directory('p', 'one'), directory('p', 'two', 0o700)],
    ['targets', symlink('p', 'x', 'one'), symlink('p', 'y', 'two')],
    ['types', file('p', 'one'), directory('p', 'two', 0o644)],
    ['a link and a file', symlink('p', 'x', 'one'), file('p', 'two')],
    ['a file in a file', file('p', 'one'), file('p/q', 'two')],
    ['a file deep in a symlink', symlink('p', 'x', 'one'), file('p/q/r', 'two')],
  ])('names both owners where %s differ', (_, one, two) => {
    for (const entries of [
      [one, two],
      [two, one],
    ]) {
      const thrown = errorOf(() => createTree(entries))
      expect(thrown).toBeInstanceOf(TreeConflictError)
      expect(thrown).toMatchObject({ code: 'TREE_CONFLICT', path: '/p', message: expect.stringMatching(/^\/p: /) })
      expect([...(thrown as TreeConflictError).origins].sort()).toEqual(['one', 'two'])
      expect((thrown as Error).message).toMatch(/\bone\b.*\btwo\b|\btwo\b.*\bone\b/)
    }
  })

  it('shows a path as text', () => {
    expect(errorOf(() => createTree([file('\xc3\xa4', 'a'), directory('\xc3\xa4')]))).toMatchObject({ path: '/ä' })
  })
})

function errorOf(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
