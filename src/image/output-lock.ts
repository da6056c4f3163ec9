import { lstat, readlink, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { reasonOf } from '../store/index.ts'
import { ImageError } from './errors.ts'
import { ownName, stateOfOwner } from './owner.ts'

const LOCK = '.nspawn-rootfs.lock'

/** Milliseconds between two looks at a lock that somebody else holds. */
const INTERVAL = 20

/** Milliseconds after which a lock whose owner cannot be asked is taken to be left over: what it guards takes a few. */
const LEFT_OVER = 60_000

/**
 * Runs `work` while no other build does the same in `folder`: builds of several images may end at the same time, and
 * all change `SHA256SUMS`. Throws `ImageError` OUTPUT_FAILED if the lock cannot be made, and rejects when aborted.
 */
export async function withLock<T>(folder: string, work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const lock = join(folder, LOCK)
  while (!(await tryLock(lock))) {
    signal?.throwIfAborted()
    await setTimeout(INTERVAL)
  }
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

async function tryLock(lock: string): Promise<boolean> {
  try {
    // A symlink that leads nowhere names its owner from the moment it is there, and takes no room on a full disk.
    await symlink(ownName(), lock)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      const message = `${lock}: cannot be made: ${reasonOf(error)}; make room or choose another folder`
      throw new ImageError('OUTPUT_FAILED', lock, message, { cause: error })
    }
    if (await isLeftOver(lock)) await rm(lock, { force: true })
    return false
  }
}

async function isLeftOver(lock: string): Promise<boolean> {
  try {
    const state = stateOfOwner(await readlink(lock))
    return state === 'ended' || (state === 'unknown' && Date.now() - (await lstat(lock)).mtimeMs > LEFT_OVER)
  } catch {
    return false
  }
}
