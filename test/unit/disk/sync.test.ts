import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { syncGradually } from '../../../src/disk/sync.ts'
import { temporaryFolder } from '../../temporary.ts'

const SIZE = 40 * 1024 * 1024
const FAULT = expect.objectContaining({ code: 'EINVAL', syscall: 'fsync' })

async function opened(path: string): Promise<FileHandle> {
  const handle = await open(path, 'w')
  onTestFinished(() => handle.close())
  return handle
}

// The sync after the one that failed succeeds, as it does where bytes are lost: Linux reports that once.
test('fails with the next bytes and at the end if a sync failed while more was written', async () => {
  const file = await opened(join(temporaryFolder(), 'file'))
  // Nothing can make this device durable (EINVAL).
  const device = await opened('/dev/null')
  const faulty = { fd: device.fd }
  const sync = syncGradually(faulty as FileHandle)
  sync.add(SIZE)
  faulty.fd = file.fd
  await vi.waitFor(() => expect(() => sync.add(1)).toThrow(FAULT))
  await expect(sync.finish()).rejects.toEqual(FAULT)
})

test('is not heard of any more once the file is closed', async () => {
  const handle = await open(join(temporaryFolder(), 'file'), 'w')
  const sync = syncGradually(handle)
  await handle.close()
  sync.add(SIZE)
  await vi.waitFor(() => expect(() => sync.add(1)).toThrow())
})
