import { mkdir, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Makes a folder and those above it, and resolves to the first that was made, `undefined` if all were there. Rejects with
 * the error of the system call. Node's own (24.11) tries forever where a folder cannot be made though the one above it is
 * there, as in /proc.
 */
export async function makeFolders(folder: string): Promise<string | undefined> {
  try {
    await mkdir(folder)
    return folder
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return undefined
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error
  }
  const first = await makeFolders(dirname(folder))
  try {
    await mkdir(folder)
  } catch (error) {
    // Another build may have made it meanwhile.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return first ?? folder
}
