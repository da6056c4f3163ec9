import type { Stats } from 'node:fs'
import { DiskError } from './errors.ts'
import { isTrustedOwner, ownerShown, type Sharing, sharingOf } from './ownership.ts'
import { pinFolder } from './pin.ts'
import { revealPath } from './reveal-path.ts'
import { wayTo } from './way.ts'

/** A folder that is written into. */
export interface Output {
  /** For system calls. It leads into this folder, even if somebody puts another one in its place. */
  readonly path: string
  readonly sharing: Sharing
  /** Names the folder in an error or a warning as people do. */
  reveal<T>(told: T): T
  /** Never rejects. */
  close(): Promise<void>
}

/** Opens a folder to write into. Throws `DiskError`, and the errors of system calls. */
export async function openOutput(folder: string): Promise<Output> {
  const sharing = await sharingOf(folder)
  // Elsewhere its own path is as firm.
  if (sharing !== 'open') return { path: folder, sharing, reveal: told => told, close: async () => {} }
  // A symlink may lead to it.
  const pin = await pinFolder(`${folder}/.`)
  try {
    checkWay(folder, pin.found)
  } catch (error) {
    await pin.close()
    throw error
  }
  const path = pin.isFirm ? pin.path : folder
  return { path, sharing, reveal: told => revealPath(told, path, folder), close: () => pin.close().catch(() => {}) }
}

/**
 * Throws `DiskError` where a symlink of another user leads to a folder that is not theirs, in which they could have files
 * replaced; and where the folder that was opened is not the one that is there.
 */
function checkWay(folder: string, opened: Stats): void {
  let last: Stats | undefined
  for (const { place, found } of wayTo(folder)) {
    last = found
    if (!found.isSymbolicLink() || isTrustedOwner(found.uid) || found.uid === opened.uid) continue
    const message = `${place}: is a symlink of ${ownerShown(found)} to what is not theirs; name the folder that it leads to`
    throw new DiskError(place, message)
  }
  if (last?.ino === opened.ino && last.dev === opened.dev) return
  throw new DiskError(folder, `${folder}: somebody has put another folder in its place; choose another folder`)
}
