import { expect, it } from 'vitest'
import { DiskError } from '../../../src/disk/index.ts'
import { revealPath } from '../../../src/disk/reveal-path.ts'

const FROM = '/proc/self/fd/9'
const reveal = <T>(told: T) => revealPath(told, FROM, '/out')

it('replaces a path in texts and in warnings', () => {
  expect(reveal(`${FROM}/a and ${FROM}/b`)).toBe('/out/a and /out/b')
  const warning = { code: 'LEFT', path: `${FROM}/a`, message: `${FROM}/a: is left` }
  expect(reveal(warning)).toEqual({ code: 'LEFT', path: '/out/a', message: '/out/a: is left' })
  expect(warning.path).toBe(`${FROM}/a`)
  expect(reveal({ code: 'X', message: `see ${FROM}` })).toEqual({ code: 'X', message: 'see /out' })
})

it('replaces a path in a copy of an error', () => {
  const cause = new Error('EIO')
  const error = new DiskError(`${FROM}/a`, `${FROM}/a: cannot be written`, { cause })
  const shown = reveal(error)
  expect(shown).toBeInstanceOf(DiskError)
  expect(shown).toMatchObject({ name: 'DiskError', code: 'DISK_FAILED', path: '/out/a', cause })
  expect(shown.message).toBe('/out/a: cannot be written')
  expect(shown.stack).toContain('DiskError: /out/a: cannot be written\n    at ')
  expect(Object.keys(shown).sort()).toEqual(Object.keys(error).sort())
  expect([error.path, error.message]).toEqual([`${FROM}/a`, `${FROM}/a: cannot be written`])
  const failed = Object.assign(new Error(`ENOENT, open '${FROM}'`), { code: 'ENOENT', errno: -2 })
  expect(reveal(failed)).toMatchObject({ message: "ENOENT, open '/out'", code: 'ENOENT', errno: -2 })
  expect('cause' in reveal(failed)).toBe(false)
})

it('takes the name of a folder as it is, and keeps all errors of several', () => {
  expect(revealPath(`${FROM}/a`, FROM, '/$&/$$')).toBe('/$&/$$/a')
  const errors = [new Error('one'), new Error('two')]
  expect(reveal(new AggregateError(errors, FROM))).toMatchObject({ name: 'AggregateError', message: '/out', errors })
})

it('gives back what does not name the path', () => {
  const others = [new Error('other'), AbortSignal.abort().reason, undefined, null, 5, {}, new DOMException(FROM)]
  for (const other of others) expect(reveal(other)).toBe(other)
})
