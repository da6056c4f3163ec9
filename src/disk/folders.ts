import { chmod, mkdir, rmdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { DiskError } from './errors.ts'
import { syncPath } from './sync.ts'

/**
 * Makes a folder and those above it, and resolves to the first that was made, `undefined` if all were there. Rejects with
 * the error of the system call, or a `DiskError` for what is in the way, and leaves none behind. Node's own (24.11) tries
 * forever where a folder cannot be made though the one above it is there, as in /proc. With `mode`, that is what new folders
 * have, whatever the umask.
 */
export async function makeFolders(folder: string, mode?: number): Promise<string | undefined> {
  try {
    return (await makeFolder(folder, mode)) ? folder : undefined
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || dirname(folder) === folder) throw error
  }
  const first = await makeFolders(dirname(folder), mode)
  try {
    // Another build may have made it meanwhile.
    return (await makeFolder(folder, mode)) ? (first ?? folder) : first
  } catch (error) {
    if (first !== undefined) await removeEmpty(dirname(folder), first)
    throw error
  }
}

/** Makes a folder, and resolves to whether it was not there. */
async function makeFolder(folder: string, mode?: number): Promise<boolean> {
  try {
    await mkdir(folder, { mode })
    if (mode !== undefined) await chmod(folder, mode)
    return true
  } catch (error) {
    const isFolder = await stat(folder).then(
      found => found.isDirectory(),
      () => false,
    )
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    if (isFolder) return false
    throw new DiskError(folder, `${folder}: is in the way and not a folder; remove it or choose another folder`, {
      cause: error,
    })
  }
}

/**
 * Makes the names of folders durable that were made, from `folder` up to `first`. A folder above them that its user may write
 * and not read cannot be synced.
 */
export async function syncFolders(folder: string, first: string): Promise<void> {
  for (let path = folder; path.length >= first.length; path = dirname(path)) {
    try {
      await syncPath(`${path}/..`)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error
    }
  }
}

/** Removes folders that were made, from `folder` up to `first`, as far as they are empty. */
export async function removeEmpty(folder: string, first: string): Promise<void> {
  for (let path = folder; path.length >= first.length; path = dirname(path)) {
    try {
      await rmdir(path)
    } catch {
      return
    }
  }
}
