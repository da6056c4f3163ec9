import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { describeFailure } from '../../../src/cli/failure.ts'
import { UsageError } from '../../../src/cli/usage.ts'
import { ImageError } from '../../../src/index.ts'

const thrownBy = (call: () => unknown): unknown => {
  try {
    return call()
  } catch (error) {
    return error
  }
}

describe('a failure', () => {
  it.each([
    ['of the library', new ImageError('UNFIT', '/x', '/x: does not fit')],
    ['of usage', new UsageError('give one of both')],
    ['of a system call without a path', Object.assign(new Error('bind EACCES'), { errno: -13, syscall: 'bind' })],
  ])('%s is told by its message', (_, error) => {
    expect(describeFailure(error)).toBe((error as Error).message)
  })

  it('of a system call is told by its path and reason', () => {
    const error = thrownBy(() => readFileSync('/nowhere'))
    expect(describeFailure(error)).toBe('/nowhere: no such file or directory')
  })

  it.each([
    ['of a call that Node refuses', thrownBy(() => readFileSync({} as string)), 'ERR_INVALID_ARG_TYPE'],
    ['without a code', new TypeError('x is not a function'), undefined],
    ['with a code of some package', Object.assign(new Error('x'), { code: 'UND_ERR_ABORTED' }), 'UND_ERR_ABORTED'],
  ])('%s is a bug, told with its stack', (_, error, code) => {
    expect((error as NodeJS.ErrnoException).code).toBe(code)
    expect(describeFailure(error)).toMatch(/^unexpected fault, please report it:\n.*\n +at /s)
  })
})
