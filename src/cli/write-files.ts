import { realpath, stat, writeFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { attempt, openStaging, withLock } from '../disk/index.ts'

/** A file that is written whole. */
export interface WholeFile {
  readonly file: string
  readonly text: string
  /** Permissions, from which the umask takes. Default 0o644. */
  readonly mode?: number
}

/**
 * Writes files into a folder, made if need be: all of them, or none. `check` is called with the path of the folder right
 * before, while no other build writes there, and may throw. Throws `DiskError`.
 */
export async function writeFiles(
  folder: string,
  files: readonly WholeFile[],
  check: (folder: string) => void = () => {},
): Promise<void> {
  const names = files.map(({ file }) => file)
  const staging = await openStaging(folder, names)
  try {
    for (const { file, text, mode } of files) {
      const staged = await staging.create(file, mode)
      await staged.write(Buffer.from(text))
      await staged.close()
    }
    const work = async () => {
      check(staging.out)
      await staging.commit(names, [])
    }
    await withLock(staging.out, work, undefined)
  } catch (error) {
    throw staging.reveal(error)
  } finally {
    await staging.discard()
  }
}

/**
 * Writes a page: a file is replaced by all of it, or stays as it is. What a symlink leads to is written, and a pipe or a device,
 * such as /dev/stdout, is written to. Throws `DiskError`.
 */
export async function writePage(path: string, text: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (found && !found.isFile() && !found.isDirectory()) return attempt(path, () => writeFile(path, text))
  const file = found ? await realpath(path) : path
  await writeFiles(dirname(file), [{ file: basename(file), text }])
}
