import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { syncGradually } from '../../../src/disk/sync.ts'
import { temporaryFolder } from '../../temporary.ts'

const SIZE = 40 * 1024 * 1024

async function opened(path: string): Promise<FileHandle> {
  const handle = await open(path, 'w')
  onTestFinished(() => handle.close())
  return handle
}

// Linux tells of a write-back error once: the sync after the one that failed succeeds, and the bytes are lost.
test('rejects at the end if a sync failed while more was written', async () => {
  const file = await opened(join(temporaryFolder(), 'file'))
  // Nothing can make this device durable (EINVAL).
  const device = await opened('/dev/null')
  const faulty = { fd: device.fd }
  const sync = syncGradually(faulty as FileHandle)
  sync.add(SIZE)
  await setTimeout(50)
  faulty.fd = file.fd
  sync.add(SIZE)
  await setTimeout(50)
  await expect(sync.finish()).rejects.toMatchObject({ code: 'EINVAL', syscall: 'fsync' })
})
