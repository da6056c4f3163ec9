import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { describeFailure } from '../../../src/cli/failure.ts'
import { UsageError } from '../../../src/cli/usage.ts'
import { ImageError } from '../../../src/index.ts'
import { runCommand } from '../../command.ts'
import { temporaryFolder } from '../../temporary.ts'

const thrownBy = (call: () => unknown): unknown => {
  try {
    return call()
  } catch (error) {
    return error
  }
}

/** A name that would paint, and would forge a line. */
const NAME = 'a\x1b[2J\nwarning: forged\u2028\x9b1m'
const SHOWN = 'a\\x1b[2J\\x0awarning: forged\\u{2028}\\x9b1m'

describe('a name in a message makes no line of its own', () => {
  it.each([
    ['of the library', new ImageError('UNFIT', NAME, `${NAME}: does not fit`)],
    ['of usage', new UsageError(`${NAME}: does not fit`)],
    [
      'of a system call',
      Object.assign(new Error(`ENOENT: does not fit, open '${NAME}'`), { errno: -2, syscall: 'open', path: NAME }),
    ],
  ])('%s', (_, error) => {
    expect(describeFailure(error)).toBe(`${SHOWN}: does not fit`)
  })

  it('where the message has several lines', () => {
    const error = new ImageError('UNFIT', NAME, [`${NAME}: does not fit`, `${NAME}: nor does this`])
    expect(error.message).toBe(`${SHOWN}: does not fit\n${SHOWN}: nor does this`)
  })

  it('and none in what a command says', async () => {
    const folder = temporaryFolder()
    const name = join(folder, 'x\nwarning: forged')
    writeFileSync(name, '')
    const calls = [
      ['build', '--root', '/nix/store/x', '--out', join(name, 'out'), '--store', folder, '--closure-info', name],
      ['build', name],
      ['publish', name, '--out', name],
      ['check', name],
      ['ls', name],
      ['diff', name, name],
      ['key', 'generate', '--out', name],
      ['key', 'generate', '--out', `${name}s`],
      ['cache', 'stats', '--cache-dir', `${name}s`],
      ['cache', 'clear', '--cache-dir', `${name}s`],
      ['cache', 'prune', '--cache-dir', name],
      ['serve', name],
      ['pull', `http://127.0.0.1:1/x.tar\nwarning: forged`, '--dir', name],
    ]
    for (const call of calls) {
      const { stdout, stderr } = await runCommand(call)
      expect(`${stdout}${stderr}`, call.join(' ')).not.toMatch(/^warning: forged/m)
      expect(`${stdout}${stderr}`, call.join(' ')).not.toBe('')
    }
  })
})

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
