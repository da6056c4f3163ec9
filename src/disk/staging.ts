/**
 * An output folder gets all artefacts or none: they are written into a hidden folder inside it, made durable there, and
 * given their names at the end.
 */
import type { FileHandle } from 'node:fs/promises'
import { link, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { withDescriptor } from '../descriptors.ts'
import type { Warning } from '../warning.ts'
import { attempt } from './attempt.ts'
import { commitChange } from './change.ts'
import { DiskError } from './errors.ts'
import { checkLock } from './lock.ts'
import { checkOwner, lookAt, type Sharing } from './ownership.ts'
import { openScratch } from './scratch.ts'
import { type FileDigest, type StagedFile, stageFile } from './staged-file.ts'

/** Where artefacts are written before they get their final names. */
export interface Staging {
  /** The path of the output folder for system calls, until this is discarded. */
  readonly out: string
  /** Who may write into the output folder. */
  readonly sharing: Sharing
  /** What lies in the output folder as a left-over and is not this user's to remove. */
  readonly warnings: readonly Warning[]
  /** Names the output folder in an error or a warning as people do. */
  reveal<T>(told: T): T
  /** Creates a file; by default others may read it, if the umask lets them. */
  create(file: string, mode?: number): Promise<StagedFile>
  /** Creates a file with this content, and tells what is in it. */
  writeFile(file: string, bytes: Uint8Array, mode?: number): Promise<FileDigest>
  /** Takes a finished file from elsewhere in the same file system; where it lies, it may stay until the commit. */
  take(path: string, file: string): Promise<void>
  /**
   * Gives the files their final names, in this order, and removes the outdated ones; if a name cannot be had, everything
   * is as it was.
   */
  commit(files: readonly string[], outdated: readonly string[]): Promise<void>
  /** Removes everything that was not committed, and the output folder if it was made for this. */
  discard(): Promise<void>
}

/** Prepares `folder`, made if need be, for `files`. Throws `DiskError`, and rejects when aborted. */
export async function openStaging(folder: string, files: readonly string[], signal?: AbortSignal): Promise<Staging> {
  const scratch = await openScratch(folder, signal)
  const { out, sharing, warnings, reveal } = scratch
  const opened = new Set<FileHandle>()
  const discard = async () => {
    for (const handle of opened) await handle.close().catch(() => {})
    opened.clear()
    await scratch.discard()
  }
  try {
    // First: a file in the way should fail before the image is built.
    await checkNames(folder, scratch, files)
  } catch (error) {
    await discard()
    throw reveal(error)
  }
  const create = async (file: string, mode = 0o644) => {
    // Whatever the umask, others must not be able to change it: a manifest says what was made here.
    const handle = await attempt(join(folder, file), () =>
      withDescriptor(() => open(join(scratch.folder, file), 'wx', mode), signal),
    )
    opened.add(handle)
    return stageFile(handle, folder, file, () => opened.delete(handle))
  }
  return {
    ...{ out, sharing, warnings, reveal, discard, create },
    async writeFile(file, bytes, mode) {
      const staged = await create(file, mode)
      await staged.write(bytes)
      return staged.close()
    },
    async take(path, file) {
      const target = join(scratch.folder, file)
      // Not every file system has links.
      await attempt(join(folder, file), () => link(path, target).catch(() => rename(path, target)))
    },
    commit: (names, outdated) => commitChange(out, scratch, { files: names, outdated }),
  }
}

/**
 * Throws `DiskError` where something in `folder` has one of these names and cannot be replaced. `out` is its path for system
 * calls.
 */
export async function checkNames(
  folder: string,
  { out, sharing }: Pick<Staging, 'out' | 'sharing'>,
  files: readonly string[],
): Promise<void> {
  for (const file of files) await attempt(join(folder, file), () => checkReplaceable(out, file, sharing))
  await checkLock(out)
}

async function checkReplaceable(folder: string, file: string, sharing: Sharing): Promise<void> {
  await checkOwner(folder, file, sharing)
  const path = join(folder, file)
  const found = await lookAt(path)
  if (!found || found.isFile() || found.isSymbolicLink()) return
  throw new DiskError(path, `${path}: is in the way and not a file; remove it or choose another folder`)
}
