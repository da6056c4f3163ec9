import { chmodSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, expect, it, vi } from 'vitest'
import { openBlockCache } from '../../../src/index.ts'
import { temporaryFolder } from '../../temporary.ts'

const shortage = vi.hoisted(() => ({ left: 0 }))

vi.mock('node:fs', async importOriginal => {
  const original = await importOriginal<typeof import('node:fs')>()
  const readFileSync = (...args: Parameters<typeof original.readFileSync>) => {
    if (args[0] === '/etc/group' && shortage.left-- > 0) {
      throw Object.assign(new Error('EMFILE: too many open files'), { code: 'EMFILE' })
    }
    return original.readFileSync(...args)
  }
  return { ...original, readFileSync }
})

let folder = ''
beforeEach(() => {
  folder = join(temporaryFolder(), 'cache')
  mkdirSync(folder)
  chmodSync(folder, 0o775)
})

it('the groups are read once there is a descriptor', () => {
  shortage.left = 2
  expect(openBlockCache(folder).folder).toBe(folder)
})

it('a folder is not called untrusted for want of one', () => {
  shortage.left = Number.POSITIVE_INFINITY
  expect(() => openBlockCache(folder)).toThrow(expect.objectContaining({ code: 'DESCRIPTORS_EXHAUSTED' }))
})
