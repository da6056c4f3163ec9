import type { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, expect, it, vi } from 'vitest'
import { openBlockCache } from '../../../src/index.ts'
import { temporaryFolder } from '../../temporary.ts'

const disk = vi.hoisted(() => ({ code: undefined as string | undefined }))

vi.mock('node:fs/promises', async importOriginal => {
  const original = await importOriginal<{ unlink: typeof unlink }>()
  return {
    ...original,
    unlink(...args: Parameters<typeof unlink>) {
      const { code } = disk
      if (code === undefined) return original.unlink(...args)
      return Promise.reject(Object.assign(new Error(`${code}: as a test wants, unlink`), { code }))
    },
  }
})

let folder = ''
beforeEach(async () => {
  disk.code = undefined
  folder = join(temporaryFolder(), 'cache')
  await openBlockCache(folder).put('block:a', Buffer.from('a'))
})

it.each(['EROFS', 'EIO', 'EACCES'])('a cache from which nothing can be removed says so: %s', async code => {
  disk.code = code
  const wanted = { name: 'BlockCacheError', code: 'FOLDER_UNWRITABLE', path: folder }
  await expect(openBlockCache(folder).clear()).rejects.toMatchObject(wanted)
  await expect(openBlockCache(folder).prune({ maxSize: 0 })).rejects.toMatchObject(wanted)
  expect((await openBlockCache(folder).stats()).blocks).toBe(1)
  // A build goes on.
  await openBlockCache(folder, { maxSize: 1 }).put('block:b', Buffer.from('b'))
})

it('a cache of several users leaves what others have put there', async () => {
  disk.code = 'EACCES'
  await openBlockCache(folder, { shared: true }).clear()
})

it('a file that somebody else has removed is none to remove', async () => {
  disk.code = 'ENOENT'
  await openBlockCache(folder).clear()
})
