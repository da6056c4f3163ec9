import { constants, type Stats } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { withDescriptor } from '../descriptors.ts'

/** A folder that is held open. */
export interface Pin<Path extends string | Buffer = string> {
  /** Leads into the folder, even if somebody gives it another name and puts a link where it was. */
  readonly path: string | Path
  /** Whether that is so: not without /proc, where `path` is the one that was opened. */
  readonly isFirm: boolean
  readonly found: Stats
  close(): Promise<void>
}

/** Opens a folder; a link to one is refused as the system does (ENOTDIR or ELOOP). */
export async function pinFolder<Path extends string | Buffer>(path: Path): Promise<Pin<Path>> {
  const handle = await withDescriptor(() =>
    open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW),
  )
  try {
    const found = await handle.stat()
    // Node has no openat(2); the links in here are the descriptors themselves (proc_pid_fd(5)).
    const inside = `/proc/self/fd/${handle.fd}`
    const isFirm = await stat(inside).then(
      same => same.ino === found.ino && same.dev === found.dev,
      () => false,
    )
    return { path: isFirm ? inside : path, isFirm, found, close: () => handle.close() }
  } catch (error) {
    await handle.close()
    throw error
  }
}
