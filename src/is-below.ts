import { sep } from 'node:path'

/** Whether a path without `..` and symlinks is that of a folder, or of something in it. */
export function isBelow(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep)
}
