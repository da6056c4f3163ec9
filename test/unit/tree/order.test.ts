import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { comparePaths } from '../../../src/tree/index.ts'
import { latin1 } from '../../latin1.ts'

describe('comparePaths', () => {
  it('goes into a directory before it goes on beside it', () => {
    const paths = ['b', 'a.b', 'a/c', 'a-b', 'a', 'a/b/c', 'a/b', 'a/b.c', 'B', '\xff', 'a ', 'a\x01']
    expect(paths.map(latin1).sort(comparePaths)).toEqual([
      ...['B', 'a', 'a/b', 'a/b/c', 'a/b.c', 'a/c', 'a\x01', 'a ', 'a-b', 'a.b', 'b', '\xff'],
    ])
  })

  it('orders as a walk does that sorts the names of each directory', () => {
    const name = fc.string({ unit: fc.constantFrom('a', 'b', '-', '.', '\x01', '\xff'), minLength: 1, maxLength: 3 })
    const path = fc.array(name, { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(path, path, (a, b) => {
        const at = a.findIndex((name, i) => name !== b[i])
        const [left, right] = at < 0 ? [a.length, b.length] : [a[at]!, b[at] ?? '']
        const expected = left < right ? -1 : left > right ? 1 : 0
        expect(comparePaths(latin1(a.join('/')), latin1(b.join('/')))).toBe(expected)
      }),
    )
  })
})
