import { randomBytes } from 'node:crypto'
import { mkdir, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Warning } from '../warning.ts'
import { attempt } from './attempt.ts'
import { makeFolders, removeEmpty, syncFolders } from './folders.ts'
import { settleLeftOvers } from './left-overs.ts'
import { MARK, markEnded, markFolder, PREFIX } from './mark.ts'
import { openOutput } from './output.ts'
import type { Sharing } from './ownership.ts'
import { type Pin, pinFolder } from './pin.ts'
import { emptyFolder } from './remove-tree.ts'
import { ownThreadName } from './thread-name.ts'

/** A hidden folder in an output folder, for what is not finished; see `mark.ts`. */
export interface Scratch {
  /** Its path for system calls. */
  readonly folder: string
  /** Its path for people; another one where somebody could put a link in its place. */
  readonly shown: string
  /** The path of the output folder for system calls, until this is discarded. */
  readonly out: string
  /** Who may write into the output folder. */
  readonly sharing: Sharing
  /** What lies in the output folder as a left-over and is not this user's to remove. */
  readonly warnings: readonly Warning[]
  /** Names the output folder in an error or a warning as people do. */
  reveal<T>(told: T): T
  /** Makes the output folder durable, and those above it, as far as they were made for it. */
  syncOutput(): Promise<void>
  /** Removes it with all that is in it, and the output folder if that was made for it and is empty. Never rejects. */
  discard(): Promise<void>
  /** Leaves it to the next build, which ends the change that was begun; `discard` then removes nothing. Never rejects. */
  abandon(): Promise<void>
}

/**
 * Makes a scratch folder in `folder`, made if need be; removes those that builds of this user have left there, and ends the
 * changes that they had begun. Throws `DiskError`, and rejects when aborted.
 */
export async function openScratch(folder: string, signal?: AbortSignal): Promise<Scratch> {
  const made = await attempt(folder, () => makeFolders(folder))
  const id = `${ownThreadName()}-${randomBytes(4).toString('hex')}`
  const output = await attempt(folder, () => openOutput(folder)).catch(async error => {
    if (made !== undefined) await removeEmpty(folder, made)
    throw error
  })
  const { path: out, sharing, reveal } = output
  const path = join(out, PREFIX + id)
  let pin: Pin | undefined
  let isOver = false
  const discard = async () => {
    if (!isOver) {
      isOver = true
      // Whatever fails here must not hide why it is discarded; what is left, the next build removes.
      try {
        pin ??= await pinFolder(path)
        await emptyFolder(pin, MARK)
      } catch {}
      await pin?.close().catch(() => {})
      await rmdir(path).catch(() => {})
      if (made !== undefined) await removeEmpty(folder, made)
    }
    await output.close()
  }
  const abandon = async () => {
    if (isOver) return
    isOver = true
    await markEnded(pin?.path ?? path).catch(() => {})
    await pin?.close().catch(() => {})
  }
  try {
    await attempt(folder, async () => {
      await mkdir(path, 0o700)
      // In an open folder others may put a link in its place. Elsewhere its own path is the one to be told.
      if (sharing === 'open') pin = await pinFolder(path)
      await markFolder(pin?.path ?? path, id)
    })
    const warnings = (await settleLeftOvers(out, sharing, signal)).map(reveal)
    return {
      folder: pin?.path ?? path,
      shown: join(folder, PREFIX + id),
      out,
      sharing,
      warnings,
      reveal,
      syncOutput: async () => {
        if (made !== undefined) await syncFolders(folder, made)
      },
      discard,
      abandon,
    }
  } catch (error) {
    await discard()
    throw reveal(error)
  }
}
