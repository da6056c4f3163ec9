import { readdir, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type Pin, pinFolder } from './pin.ts'

/** Folders in folders that are held open at a time. What we make is three deep. */
const DEPTH_MAX = 32

/**
 * Removes all that is in a folder, and follows no link: each folder is opened, and what is in it removed through its
 * descriptor, so that nobody can put a link into the way meanwhile.
 */
export async function emptyFolder(pin: Pin, depth = 0): Promise<void> {
  for (const name of await readdir(pin.path)) await remove(join(pin.path, name), depth)
}

async function remove(path: string, depth: number): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return
    // Linux says the first of a folder, POSIX the other.
    if ((code !== 'EISDIR' && code !== 'EPERM') || depth >= DEPTH_MAX) throw error
    const pin = await pinFolder(path)
    try {
      await emptyFolder(pin, depth + 1)
    } finally {
      await pin.close()
    }
    await rmdir(path)
  }
}
