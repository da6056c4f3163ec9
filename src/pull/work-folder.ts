/**
 * Files that a pull keeps beside the image, so that the next one can continue it:
 *
 *     .FILE.pull/              mode 0700
 *       partial-DIGEST         the image as far as it is there; DIGEST is its SHA-256
 *       partial-DIGEST.json    the manifest of that image, if it has one
 *       seen.json              what was published when: see `seen.ts`
 */
import { constants } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rm, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { withDescriptor } from '../descriptors.ts'
import {
  attempt,
  checkNames,
  DiskError,
  isOwn,
  makeFolders,
  openOutput,
  pinFolder,
  replaceFile,
} from '../disk/index.ts'

/** How the names of what is not finished begin. */
export const PARTIAL = 'partial-'

/** How the name of the manifest of such an image goes on. */
export const MANIFEST_OF_PARTIAL = '.json'

/** The folder in which a pull keeps what is not finished. */
export interface WorkFolder {
  /** Its path for system calls. */
  readonly folder: string
  /** Opens a file in it to read and write, made if need be. */
  openFile(name: string): Promise<FileHandle>
  /** The mode of a new file: that which the other files of a pull get, by the umask. */
  modeOfFiles(): Promise<number>
  /** Replaces a small file: it has the old contents or the new ones, whatever happens. */
  writeFile(name: string, contents: string | Uint8Array): Promise<void>
  /** Throws `DiskError` where something in the image's folder has one of these names and cannot be replaced. */
  checkNames(files: readonly string[]): Promise<void>
  /** Removes all that is not finished. */
  clear(): Promise<void>
  /** Removes it if it is empty. */
  close(): Promise<void>
}

/** What the umask leaves of it is the mode of files that a pull makes, as in `openStaging`. */
const MODE = 0o644

const FLAGS = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK

/** Opens the work folder for `file` in `folder`, both made if need be. Throws `DiskError`. */
export async function openWorkFolder(folder: string, file: string): Promise<WorkFolder> {
  const name = `.${file}.pull`
  const path = join(folder, name)
  const output = await attempt(folder, async () => {
    await makeFolders(folder)
    return openOutput(folder)
  })
  const work = join(output.path, name)
  const pin = await attempt(path, async () => {
    await mkdir(work, 0o700).catch(error => {
      if (error.code !== 'EEXIST') throw error
    })
    const pin = await pinFolder(work)
    if (isOwn(pin.found)) return pin
    await pin.close()
    throw new DiskError(path, `${path}: others can change what is in it; have it removed, or choose another folder`)
  }).catch(async error => {
    await output.close()
    throw error
  })
  // In an open folder others may put a link in its place. Elsewhere its own path is the one to be told.
  const inside = output.sharing === 'open' ? pin.path : path
  return {
    folder: inside,
    openFile: name => attempt(join(path, name), () => withDescriptor(() => open(join(inside, name), FLAGS, 0o600))),
    // To ask for the umask would be to set it for a moment, in which other threads may make files.
    modeOfFiles: () =>
      attempt(path, async () => {
        const probe = join(inside, `${PARTIAL}mode`)
        await rm(probe, { force: true })
        const handle = await withDescriptor(() => open(probe, 'wx', MODE))
        try {
          return (await handle.stat()).mode & 0o777
        } finally {
          await handle.close()
          await rm(probe, { force: true })
        }
      }),
    writeFile: (name, contents) => replaceFile(inside, name, contents),
    async checkNames(files) {
      const { path: out, sharing, reveal } = output
      await checkNames(folder, { out, sharing }, files).catch(error => {
        throw reveal(error)
      })
    },
    clear: () =>
      attempt(path, async () => {
        const names = await withDescriptor(() => readdir(inside))
        for (const name of names) if (name.startsWith(PARTIAL)) await unlink(join(inside, name))
      }),
    async close() {
      await pin.close()
      await rmdir(work).catch(() => {})
      await output.close()
    },
  }
}
