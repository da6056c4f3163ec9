import { readlink, realpath, stat, writeFile } from 'node:fs/promises'
import { basename, dirname, resolve } from 'node:path'
import { attempt, openStaging, withLock } from '../disk/index.ts'
import { write } from './print.ts'
import { UsageError } from './usage.ts'

/** A file that is written whole. */
export interface WholeFile {
  readonly file: string
  readonly text: string
  /** Permissions, from which the umask takes. Default 0o644. */
  readonly mode?: number
}

/** A folder that was made ready for files. */
export interface OutputFolder {
  /** Writes all of the files, or none. `check` is called as in {@link writeFiles}. Throws `DiskError`. */
  write(files: readonly WholeFile[], check?: (folder: string) => void): Promise<void>
  /** Removes what was not written, and the folder if it was made for this and is empty. Never rejects. */
  discard(): Promise<void>
}

/** Makes a folder if need be, and sees that files of these names can be written to it. Throws `DiskError`, and when aborted. */
export async function prepareFolder(
  folder: string,
  names: readonly string[],
  signal?: AbortSignal,
): Promise<OutputFolder> {
  const staging = await openStaging(folder, names, signal)
  return {
    discard: staging.discard,
    async write(files, check = () => {}) {
      try {
        for (const { file, text, mode } of files) await staging.writeFile(file, Buffer.from(text), mode)
        const work = async () => {
          check(staging.out)
          await staging.commit(
            files.map(({ file }) => file),
            [],
          )
        }
        await withLock(staging.out, work, signal)
      } catch (error) {
        throw staging.reveal(error)
      }
    },
  }
}

/**
 * Writes files into a folder, made if need be: all of them, or none. `check` is called with the path of the folder right
 * before, while no other build writes there, and may throw. Throws `DiskError`.
 */
export async function writeFiles(
  folder: string,
  files: readonly WholeFile[],
  check?: (folder: string) => void,
): Promise<void> {
  const output = await prepareFolder(
    folder,
    files.map(({ file }) => file),
  )
  try {
    await output.write(files, check)
  } finally {
    await output.discard()
  }
}

/** Standard output by its short name, or by the symlinks that Linux makes for what a process has open. */
const OWN_OUTPUT = /^(?:-|\/(?:dev|proc\/self)\/(?:stdout|fd\/1))$/

/** Throws `UsageError` if a page would go to standard output together with what these options print there. */
export function checkPageTarget(page: string | undefined, printed: Readonly<Record<string, unknown>>): void {
  if (page === undefined || !OWN_OUTPUT.test(page)) return
  const [other] = Object.keys(printed).filter(option => printed[option] !== undefined)
  if (other !== undefined) throw new UsageError(`--html ${page} and ${other}: give one of them, or a file for the page`)
}

/**
 * Writes a page: a file is replaced by all of it, or stays as it is. What a symlink leads to is written, and a pipe or a device
 * is written to. Resolves to whether there is a file now, which is not so of standard output. Throws `DiskError`.
 */
export async function writePage(path: string, text: string): Promise<boolean> {
  if (OWN_OUTPUT.test(path)) {
    // By its path, a file there would be replaced, with all that others have written to it.
    write(text, process.stdout)
    return false
  }
  const file = await targetOf(path)
  const found = await stat(file).catch(() => undefined)
  if (found && !found.isFile() && !found.isDirectory()) await attempt(path, () => writeFile(file, text))
  else await writeFiles(dirname(file), [{ file: basename(file), text }])
  return true
}

/** Where a path leads, be it that nothing is there yet. */
async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    const target = await readlink(path).catch(() => undefined)
    return target === undefined ? path : resolve(dirname(path), target)
  }
}
