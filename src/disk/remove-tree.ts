import { readdir, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { type Pin, pinFolder } from './pin.ts'

/** Folders in folders that are held open at a time. What we make is three deep. */
const DEPTH_MAX = 32

/**
 * Removes all that is in a folder, `last` as the last, and follows no link: each folder is opened, and what is in it removed
 * through its descriptor, so that nobody can put a link into the way meanwhile.
 */
export async function emptyFolder(pin: Pin, last: string): Promise<void> {
  await empty(pin, 0, last)
}

async function empty(pin: Pin, depth: number, last?: string): Promise<void> {
  const names = await readdir(pin.path)
  for (const name of names) if (name !== last) await remove(join(pin.path, name), depth)
  if (last !== undefined && names.includes(last)) await remove(join(pin.path, last), depth)
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
      await empty(pin, depth + 1)
    } finally {
      await pin.close()
    }
    await rmdir(path)
  }
}
