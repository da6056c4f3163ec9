import { open, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { ownName, stateOfOwner } from './owner.ts'

const LOCK = '.nspawn-rootfs.lock'

/** Milliseconds between two looks at a lock that somebody else holds. */
const INTERVAL = 20

/** Milliseconds after which a lock whose owner cannot be asked is taken to be left over: what it guards takes a few. */
const LEFT_OVER = 60_000

/**
 * Runs `work` while no other build does the same in `folder`: builds of several images may end at the same time, and
 * all change `SHA256SUMS`. Rejects with whatever the file system says if the lock cannot be made.
 */
export async function withLock<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const lock = join(folder, LOCK)
  while (!(await tryLock(lock))) await setTimeout(INTERVAL)
  try {
    return await work()
  } finally {
    await rm(lock, { force: true })
  }
}

async function tryLock(lock: string): Promise<boolean> {
  try {
    const handle = await open(lock, 'wx')
    await handle.writeFile(ownName())
    await handle.close()
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    if (await isLeftOver(lock)) await rm(lock, { force: true })
    return false
  }
}

async function isLeftOver(lock: string): Promise<boolean> {
  try {
    const state = stateOfOwner(await readFile(lock, 'latin1'))
    return state === 'ended' || (state === 'unknown' && Date.now() - (await stat(lock)).mtimeMs > LEFT_OVER)
  } catch {
    return false
  }
}
