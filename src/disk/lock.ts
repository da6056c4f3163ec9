import { lutimesSync, type Stats } from 'node:fs'
import { readlink, symlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { sha256Hex } from '../sha256.ts'
import { attempt } from './attempt.ts'
import { DiskError } from './errors.ts'
import { isOwn, lookAt, ownerShown } from './ownership.ts'
import { isAbandoned, ownThreadName, stateOfThread } from './thread-name.ts'

/** The name of the lock in an output folder. */
export const LOCK = '.nspawn-rootfs.lock'

/** Milliseconds between two looks at a lock that somebody else holds. */
const INTERVAL = 20

/** Milliseconds after which a lock is taken to be left over if its thread cannot be asked and has not renewed it. */
const PATIENCE = 60_000

/** Milliseconds after which a thread renews its lock: its work may take an hour, and two times may be missed. */
const RENEWAL = 20_000

/** Milliseconds that a build of another user may hold the lock: nobody can tell it from one who means harm. */
const FOREIGN_MAX = 1000

/**
 * Runs `work` while no other build does the same in `folder`: builds of several images may end at the same time, and
 * all change `SHA256SUMS`. Throws `DiskError` if the lock cannot be made, or is held by somebody who never gives it
 * back, and rejects when aborted.
 */
export async function withLock<T>(folder: string, work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  const lock = join(folder, LOCK)
  let before: Holder | undefined
  let since = Date.now()
  while (!(await tryLock(lock, Date.now() - since))) {
    signal?.throwIfAborted()
    const holder = await holderOf(lock)
    if (holder?.thread !== before?.thread || holder?.found.ino !== before?.found.ino) since = Date.now()
    if (holder) checkHolder(lock, holder, Date.now() - since)
    before = holder
    await setTimeout(INTERVAL)
  }
  const stopRenewing = renew(lock)
  try {
    return await work()
  } finally {
    stopRenewing()
    if ((await holderOf(lock))?.thread === ownThreadName()) await remove(lock)
  }
}

/**
 * Sets the time of a lock now and then, until what this returns is called: threads of other containers cannot see that its
 * thread runs. The calls are synchronous, so that none comes after that.
 */
function renew(lock: string): () => void {
  const timer = setInterval(() => {
    const now = new Date()
    try {
      lutimesSync(lock, now, now)
    } catch {
      // Without it, the work goes on as before.
    }
  }, RENEWAL).unref()
  return () => clearInterval(timer)
}

/** Throws `DiskError` if there is something as a lock in `folder` that nobody will ever take away. */
export async function checkLock(folder: string): Promise<void> {
  const lock = join(folder, LOCK)
  const holder = await holderOf(lock)
  if (holder) checkHolder(lock, holder, 0)
}

/** What is there as a lock. */
interface Holder {
  readonly found: Stats
  /** The name of the thread that holds it; `undefined` for what is no symlink. */
  readonly thread: string | undefined
}

async function holderOf(lock: string): Promise<Holder | undefined> {
  const found = await attempt(lock, () => lookAt(lock))
  return found && { found, thread: await readlink(lock).catch(() => undefined) }
}

/** Throws `DiskError` unless a lock is one of this user's, or of another user's build that runs and has just taken it. */
function checkHolder(lock: string, { found, thread }: Holder, heldFor: number): void {
  if (found.isSymbolicLink() && isOwn(found)) return
  if (found.isSymbolicLink() && stateOfThread(thread ?? '') !== 'ended' && heldFor <= FOREIGN_MAX) return
  const what = found.isSymbolicLink() ? 'is the lock of a build' : 'is in the way of the lock of builds'
  const message = `${lock}: ${what}, and belongs to ${ownerShown(found)}`
  throw new DiskError(lock, `${message}; have it removed if nobody builds there, or choose another folder`)
}

async function tryLock(lock: string, waited: number): Promise<boolean> {
  if (await makeLock(lock)) return true
  await removeLeftOver(lock, waited)
  return false
}

/**
 * Resolves to whether there was none. A symlink that leads nowhere names its thread from the moment it is there, and takes
 * no room on a full disk.
 */
async function makeLock(lock: string): Promise<boolean> {
  return attempt(lock, async () => {
    try {
      await symlink(ownThreadName(), lock)
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
  })
}

/**
 * Removes a lock of this user that was left over, and not one that was made since: one at a time may remove it, and looks
 * again before.
 */
async function removeLeftOver(lock: string, waited: number): Promise<void> {
  const holder = await holderOf(lock)
  if (holder?.thread === undefined || !isLeftOver(holder)) return
  const removal = `${lock}-${sha256Hex(holder.thread).slice(0, 16)}`
  if (!(await makeLock(removal))) {
    // Somebody else is at it, unless that one was killed, too.
    const other = await holderOf(removal)
    if (other && isLeftOver(other)) await remove(removal)
    else if (other) checkHolder(removal, other, waited)
    return
  }
  if ((await holderOf(lock))?.thread === holder.thread) await remove(lock)
  await remove(removal)
}

function isLeftOver({ found, thread }: Holder): boolean {
  return thread !== undefined && isOwn(found) && isAbandoned(thread, found.mtimeMs, PATIENCE)
}

async function remove(lock: string): Promise<void> {
  await attempt(lock, async () => {
    await unlink(lock).catch(error => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    })
  })
}
