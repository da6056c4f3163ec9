import { constants, type Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { withDescriptor } from '../descriptors.ts'

/** How a file is opened. */
export interface OpenFileOptions {
  /** Flags besides those to read. */
  readonly flags?: number
  /** Ends the wait for a descriptor. */
  readonly signal?: AbortSignal
  /** Why something else is refused, in words. */
  readonly explain?: (found: Stats) => string
}

/**
 * Opens a regular file to read. Anything else is refused at once: opening a pipe would wait for its writer, and block a thread
 * of Node's own meanwhile.
 */
export async function openRegularFile(path: string, options: OpenFileOptions = {}): Promise<FileHandle> {
  const { flags = 0, signal, explain = () => 'it is no regular file' } = options
  const handle = await withDescriptor(() => open(path, constants.O_RDONLY | constants.O_NONBLOCK | flags), signal)
  try {
    const found = await handle.stat()
    if (!found.isFile()) throw new Error(explain(found))
    return handle
  } catch (error) {
    await handle.close()
    throw error
  }
}
