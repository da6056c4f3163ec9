import { open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { withDescriptor } from '../descriptors.ts'
import { attempt } from './attempt.ts'
import { syncFile, syncPath } from './sync.ts'

/**
 * Replaces a small file of this user, in a folder that only they can write: it has the old contents or the new ones, whatever
 * happens. Only one process at a time may do so. Throws `DiskError`.
 */
export async function replaceFile(folder: string, file: string, contents: string | Uint8Array): Promise<void> {
  const path = join(folder, file)
  await attempt(path, async () => {
    const handle = await withDescriptor(() => open(`${path}.new`, 'w', 0o600))
    try {
      await handle.writeFile(contents)
      await syncFile(handle)
    } finally {
      await handle.close()
    }
    await rename(`${path}.new`, path)
    await syncPath(folder)
  })
}
