import { createHash } from 'node:crypto'
import { lstat, readlink, rm, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { ownName, stateOfOwner } from '../owner.ts'
import { reasonOf } from '../store/index.ts'
import { ImageError } from './errors.ts'

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
    if ((await ownerOf(lock)) === ownName()) await rm(lock, { force: true })
  }
}

async function tryLock(lock: string): Promise<boolean> {
  try {
    await makeLock(lock)
    return true
  } catch (error) {
    checkTaken(lock, error)
    await removeLeftOver(lock)
    return false
  }
}

/** A symlink that leads nowhere names its owner from the moment it is there, and takes no room on a full disk. */
function makeLock(lock: string): Promise<void> {
  return symlink(ownName(), lock)
}

/** Throws `ImageError` OUTPUT_FAILED unless a lock could not be made because there is one. */
function checkTaken(lock: string, error: unknown): void {
  if ((error as NodeJS.ErrnoException).code === 'EEXIST') return
  const message = `${lock}: cannot be made: ${reasonOf(error)}; make room or choose another folder`
  throw new ImageError('OUTPUT_FAILED', lock, message, { cause: error })
}

/** Removes a lock that was left over, and not one that was made since: who sees it may remove it one at a time, and looks again before. */
async function removeLeftOver(lock: string): Promise<void> {
  const owner = await ownerOf(lock)
  if (owner === undefined || !(await isLeftOver(lock, owner))) return
  const removal = `${lock}-${createHash('sha256').update(owner).digest('hex').slice(0, 16)}`
  try {
    await makeLock(removal)
  } catch (error) {
    checkTaken(removal, error)
    // Somebody else is at it, unless that one was killed, too.
    const other = await ownerOf(removal)
    if (other !== undefined && (await isLeftOver(removal, other))) await rm(removal, { force: true })
    return
  }
  if ((await ownerOf(lock)) === owner) await rm(lock, { force: true })
  await rm(removal, { force: true })
}

async function ownerOf(lock: string): Promise<string | undefined> {
  return readlink(lock).catch(() => undefined)
}

async function isLeftOver(lock: string, owner: string): Promise<boolean> {
  const state = stateOfOwner(owner)
  if (state !== 'unknown') return state === 'ended'
  const modified = await lstat(lock).catch(() => undefined)
  return modified !== undefined && Date.now() - modified.mtimeMs > LEFT_OVER
}
