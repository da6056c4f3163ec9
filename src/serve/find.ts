import { constants } from 'node:fs'
import { type FileHandle, readlink, realpath, stat } from 'node:fs/promises'
import { join, relative, resolve, sep } from 'node:path'
import { openRegularFile } from '../disk/index.ts'
import { ServeError } from './errors.ts'

/** Something that may be served. */
export interface Found {
  /** From the folder that is served, without symlinks. */
  readonly path: string
  readonly isFolder: boolean
  /** In bytes. */
  readonly size: number
}

/** The path of a folder to serve, without symlinks. Rejects with `ServeError` FOLDER_MISSING. */
export async function findFolder(folder: string): Promise<string> {
  const refuse = (why: string, cause?: unknown) =>
    new ServeError('FOLDER_MISSING', `${folder}: ${why}; name a folder of images`, { cause })
  const root = await realpath(resolve(folder)).catch(cause => {
    throw refuse(cause.code === 'ENOENT' ? 'is not there' : cause.message, cause)
  })
  if (!(await stat(root)).isDirectory()) throw refuse('is no folder')
  return root
}

/**
 * What lies at `path` in the folder `root` of {@link findFolder}. `undefined` for what is not there, for what lies outside, and
 * for names with a dot in front, such as those of what builds have not finished. Symlinks may lead to anything in the folder.
 */
export async function findIn(root: string, path: string): Promise<Found | undefined> {
  try {
    if (path.split('/').some(name => name.startsWith('.'))) return undefined
    const whole = await realpath(join(root, path))
    const inside = relative(root, whole)
    if (inside.split(sep)[0] === '..') return undefined
    const found = await stat(whole)
    if (!found.isFile() && !found.isDirectory()) return undefined
    return { path: inside, isFolder: found.isDirectory(), size: found.size }
  } catch {
    return undefined
  }
}

/** Opens a file that {@link findIn} found; `undefined` if somebody has put something else in its place, or on the way to it. */
export async function openFound(root: string, { path }: Found): Promise<FileHandle | undefined> {
  const whole = join(root, path)
  const handle = await openRegularFile(whole, { flags: constants.O_NOFOLLOW }).catch(() => undefined)
  // The links in here are the descriptors themselves (proc_pid_fd(5)).
  const opened = handle && (await readlink(`/proc/self/fd/${handle.fd}`).catch(() => whole))
  if (opened === whole) return handle
  await handle?.close()
  return undefined
}
