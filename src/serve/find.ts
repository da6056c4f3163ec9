import { realpath, stat } from 'node:fs/promises'
import { join, sep } from 'node:path'

/** Something that may be served. */
export interface Found {
  /** Absolute path, without symlinks. */
  readonly path: string
  readonly isFolder: boolean
}

/**
 * What the path of a URL names in `root`, a folder without symlinks in its path; `undefined` for what is not there, for
 * names with a dot in front, such as what builds have not finished, and for all that lies outside, also where symlinks lead.
 */
export async function findFile(root: string, pathname: string): Promise<Found | undefined> {
  let names: string[]
  try {
    names = decodeURIComponent(pathname).split('/').filter(Boolean)
  } catch {
    return undefined
  }
  if (names.some(name => name.startsWith('.') || /[\0\\]/.test(name))) return undefined
  try {
    const path = await realpath(join(root, ...names))
    if (path !== root && !path.startsWith(root.endsWith(sep) ? root : root + sep)) return undefined
    const found = await stat(path)
    return found.isFile() || found.isDirectory() ? { path, isFolder: found.isDirectory() } : undefined
  } catch {
    return undefined
  }
}
