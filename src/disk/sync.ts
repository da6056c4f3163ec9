import { fsync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { withDescriptor } from '../descriptors.ts'

/** Makes durable what was written into a file or folder, by whomever. */
export async function syncPath(path: string): Promise<void> {
  const handle = await withDescriptor(() => open(path, 'r'))
  try {
    await syncFile(handle)
  } finally {
    await handle.close()
  }
}

/** Makes an open file durable. By its descriptor: the file handles of Yarn's Plug'n'Play have no `sync`. */
export function syncFile({ fd }: FileHandle): Promise<void> {
  return promisify(fsync)(fd)
}
