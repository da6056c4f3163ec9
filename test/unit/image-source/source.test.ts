import type { FileHandle } from 'node:fs/promises'
import { expect, it, vi } from 'vitest'
import * as disk from '../../../src/disk/open-file.ts'
import { openFile } from '../../../src/image-source/index.ts'

vi.mock('../../../src/disk/open-file.ts', () => ({ openRegularFile: vi.fn() }))

it('closes a file whose size is not told, and names it', async () => {
  const close = vi.fn(async () => {})
  const stat = () => Promise.reject(Object.assign(new Error('EIO: i/o error, fstat'), { code: 'EIO' }))
  vi.mocked(disk.openRegularFile).mockResolvedValue({ stat, close } as Partial<FileHandle> as FileHandle)
  await expect(openFile('/images/web.tar')).rejects.toMatchObject({
    code: 'OPEN_UNREADABLE',
    message: '/images/web.tar: cannot be read: i/o error',
  })
  expect(close).toHaveBeenCalledOnce()
})
