import type { Stats } from 'node:fs'
import { readdir, readlink, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { DescriptorsError, withDescriptor } from '../descriptors.ts'
import type { Warning } from '../warning.ts'
import { attempt } from './attempt.ts'
import { hasChange, settleChange } from './change.ts'
import { DiskError } from './errors.ts'
import { LOCK, withLock } from './lock.ts'
import { MARK, PREFIX, readMark } from './mark.ts'
import { isOwn, lookAt, ownerShown, type Sharing } from './ownership.ts'
import { type Pin, pinFolder } from './pin.ts'
import { reasonOf } from './reason.ts'
import { emptyFolder } from './remove-tree.ts'
import { isAbandoned, stateOfThread } from './thread-name.ts'

/** Left-overs that are named one by one: others may have made any number of them. */
const NAMED_MAX = 3

/**
 * Ends what builds of this user have begun in a folder and do not work on any more: changes are finished or undone, scratch
 * folders removed. Resolves to what looks like a left-over and is not this user's to remove.
 */
export async function settleLeftOvers(folder: string, sharing: Sharing, signal?: AbortSignal): Promise<Warning[]> {
  const told: Warning[] = []
  for (const name of await attempt(folder, () => withDescriptor(() => readdir(folder), signal))) {
    const path = join(folder, name)
    if (name.startsWith(`${LOCK}-`)) await removeLock(path)
    if (!name.startsWith(PREFIX)) continue
    const found = await lookAt(path).catch(() => undefined)
    if (!found) continue
    try {
      const isSettled = isOwn(found) && found.isDirectory() && (await settle(folder, name, sharing, signal))
      if (!isSettled && isAbandoned(name.slice(PREFIX.length), found.mtimeMs)) told.push(warning(path, notOurs(found)))
    } catch (error) {
      if (error instanceof DiskError || error instanceof DescriptorsError || signal?.aborted) throw error
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue
      told.push(warning(path, `left over from a build, but cannot be removed: ${reasonOf(error)}; remove it`))
    }
  }
  if (told.length <= NAMED_MAX) return told
  return [...told.slice(0, NAMED_MAX), warning(folder, `has ${told.length - NAMED_MAX} more of these`)]
}

/** Settles a folder of this user, and resolves to whether it needs no warning. */
async function settle(folder: string, name: string, sharing: Sharing, signal?: AbortSignal): Promise<boolean> {
  const path = join(folder, name)
  const pin = await pinFolder(path)
  try {
    const mark = await readMark(pin)
    if (!mark) return await removeUnmarked(path, name, pin)
    if (!mark.isEnded && !isAbandoned(mark.id, pin.found.mtimeMs)) return true
    // Without /proc somebody might put a link in its place while it is emptied.
    if (!pin.isFirm && sharing !== 'private') return false
    if (await hasChange(pin.path)) {
      await withLock(folder, () => settleChange(folder, pin.path), signal)
    }
    await emptyFolder(pin, MARK)
    await rmdir(path)
    return true
  } finally {
    await pin.close()
  }
}

/** A build may be killed before it has marked its folder. */
async function removeUnmarked(path: string, name: string, pin: Pin): Promise<boolean> {
  if (!isOwn(pin.found) || stateOfThread(name.slice(PREFIX.length)) !== 'ended') return false
  return rmdir(path).then(
    () => true,
    () => false,
  )
}

/** What a killed build held while it removed a left-over lock. */
async function removeLock(path: string): Promise<void> {
  const found = await lookAt(path).catch(() => undefined)
  if (!found?.isSymbolicLink() || !isOwn(found)) return
  const thread = await readlink(path).catch(() => '')
  if (stateOfThread(thread) === 'ended') await unlink(path).catch(() => {})
}

function notOurs(found: Stats): string {
  const why = isOwn(found) ? 'was not made by a build of this user' : `belongs to ${ownerShown(found)}`
  return `has the name of a left-over, but ${why}; have it removed if nobody builds there`
}

function warning(path: string, message: string): Warning {
  return { code: 'LEFT_OVER_NOT_OWN', path, message: `${path}: ${message}` }
}
