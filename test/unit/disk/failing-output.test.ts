import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { attempt } from '../../../src/disk/attempt.ts'
import { openScratch } from '../../../src/disk/index.ts'
import { temporaryFolder } from '../../temporary.ts'

/** An error as a system call of Node's ends with. */
function errorOfSystem(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}, open '/a'`), { code })
}

describe('what cannot be written', () => {
  it.each([
    ['ENOSPC', 'no space left on device', 'make room or choose another folder'],
    ['EDQUOT', 'disk quota exceeded', 'make room or choose another folder'],
    ['EACCES', 'permission denied', 'get permission to write there or choose another folder'],
    ['EPERM', 'operation not permitted', 'get permission to write there or choose another folder'],
    ['EROFS', 'read-only file system', 'choose another place'],
  ])('comes with an advice that helps: %s', async (code, message, advice) => {
    await expect(attempt('/a', () => Promise.reject(errorOfSystem(code, message)))).rejects.toMatchObject({
      code: 'DISK_FAILED',
      path: '/a',
      message: `/a: cannot be written: ${message}; ${advice}`,
    })
  })

  it.each<[string, (path: string) => void]>([
    ['a file', path => writeFileSync(path, '')],
    ['a symlink to nothing', path => symlinkSync('nothing', path)],
  ])('is said not to be a folder: %s', async (_, plant) => {
    const path = join(temporaryFolder(), 'out')
    plant(path)
    const message = `${path}: is in the way and not a folder; remove it or choose another folder`
    await expect(openScratch(path)).rejects.toMatchObject({ code: 'DISK_FAILED', path, message })
    await expect(openScratch(join(path, 'sub'))).rejects.toMatchObject({ code: 'DISK_FAILED' })
    mkdirSync(`${path}2`)
    await (await openScratch(`${path}2`)).discard()
  })
})
