import { chmod, readdir, rmdir, unlink } from 'node:fs/promises'
import { withDescriptor } from '../descriptors.ts'
import { type Pin, pinFolder } from './pin.ts'

/** Folders in folders that are held open at a time. What we make is less deep. */
const DEPTH_MAX = 160

const OWNER_MAY_ALL = 0o700

/**
 * Removes all that is in a folder, `last` as the last, and follows no link: each folder is opened, and what is in it removed
 * through its descriptor, so that nobody can put a link into the way meanwhile.
 */
export async function emptyFolder(pin: Pin, last: string): Promise<void> {
  await empty(pin, 0, last)
}

async function empty(pin: Pin<string | Buffer>, depth: number, last?: string): Promise<void> {
  const { mode } = pin.found
  // What was extracted of an image may be read-only.
  if ((mode & OWNER_MAY_ALL) !== OWNER_MAY_ALL) await chmod(pin.path, OWNER_MAY_ALL)
  // Names in an image need not be UTF-8.
  const names = await withDescriptor(() => readdir(pin.path, { encoding: 'buffer' }))
  const isLast = (name: Buffer) => last !== undefined && name.equals(Buffer.from(last))
  for (const name of names) if (!isLast(name)) await remove(inside(pin, name), depth)
  for (const name of names) if (isLast(name)) await remove(inside(pin, name), depth)
}

function inside({ path }: Pin<string | Buffer>, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(path as string), Buffer.from('/'), name])
}

async function remove(path: Buffer, depth: number): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return
    // Linux says the first of a folder, POSIX the other.
    if ((code !== 'EISDIR' && code !== 'EPERM') || depth >= DEPTH_MAX) throw error
    const pin = await pinFolder(path).catch(async error => {
      if (error.code !== 'EACCES') throw error
      await chmod(path, OWNER_MAY_ALL)
      return pinFolder(path)
    })
    try {
      await empty(pin, depth + 1)
    } finally {
      await pin.close()
    }
    await rmdir(path)
  }
}
