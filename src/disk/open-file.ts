import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { withDescriptor } from '../descriptors.ts'

/**
 * Opens a regular file to read. Anything else is refused at once: opening a pipe would wait for its writer, and block a thread
 * of Node's own meanwhile.
 */
export async function openFile(path: string, flags = 0): Promise<FileHandle> {
  const handle = await withDescriptor(() => open(path, constants.O_RDONLY | constants.O_NONBLOCK | flags))
  try {
    if (!(await handle.stat()).isFile()) throw new Error('it is no regular file')
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}
