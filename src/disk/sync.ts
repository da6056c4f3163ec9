import { fsync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { promisify } from 'node:util'
import { withDescriptor } from '../descriptors.ts'

/** Makes durable what was written into a file or folder, by whomever. */
export async function syncPath(path: string): Promise<void> {
  const handle = await withDescriptor(() => open(path, 'r'))
  try {
    await syncFile(handle)
  } finally {
    await handle.close()
  }
}

/** Makes an open file durable. By its descriptor: the file handles of Yarn's Plug'n'Play have no `sync`. */
export function syncFile({ fd }: FileHandle): Promise<void> {
  return promisify(fsync)(fd)
}

/** Makes a file durable while more of it is written. */
export interface GradualSync {
  /** Counts written bytes, and starts a sync if enough of them wait. Throws the error of a sync that has failed. */
  add(count: number): void
  /** Makes the file durable. Rejects if any sync has failed. */
  finish(): Promise<void>
}

/**
 * After so many bytes a sync starts in the background, so that less is left for the end. A file of 238 MB from a cache takes 0.84 s
 * instead of 0.89 (medians of five in turn); with 64 MiB, 0.89.
 */
const GRADUAL_SIZE = 32 * 1024 * 1024

/** Syncs a file in the background, one sync at a time. Its owner may close it at any time: one that comes too late only fails. */
export function syncGradually(handle: FileHandle): GradualSync {
  let waiting = 0
  let syncing: Promise<void> | undefined
  // Linux reports a write-back error once.
  let failure: { readonly error: unknown } | undefined
  const check = () => {
    if (failure) throw failure.error
  }
  const sync = async () => {
    try {
      await syncFile(handle)
    } catch (error) {
      failure = { error }
    }
    syncing = undefined
  }
  return {
    add(count) {
      check()
      waiting += count
      if (waiting < GRADUAL_SIZE || syncing) return
      waiting = 0
      syncing = sync()
    },
    async finish() {
      await syncing
      check()
      await syncFile(handle)
    },
  }
}
