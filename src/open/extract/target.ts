/**
 * The folder that an image is extracted to. A new one appears when all of it is there: until then it is a hidden folder beside
 * it. One that is there, and empty, gets what was extracted at the end, out of a hidden folder inside of it.
 */
import { chmod, lstat, mkdir, readdir, rename, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { withDescriptor } from '../../descriptors.ts'
import { DiskError, openScratch } from '../../disk/index.ts'
import { ExtractError } from './errors.ts'

/** A folder that is not finished. */
export interface Target {
  /** Where to write. */
  readonly tree: string
  /** Whether that becomes the folder itself. */
  readonly isNew: boolean
  /** Moves all to the folder, or nothing. Throws `ExtractError`. */
  commit(): Promise<void>
  /** Removes what was not moved. Never rejects. */
  discard(): Promise<void>
}

const OWNER_MAY_WRITE = 0o200

/** Prepares `folder`, which has to be empty, or not there. Throws `ExtractError`. */
export async function openTarget(folder: string, signal?: AbortSignal): Promise<Target> {
  const inTheWay = (name = '') => {
    const what = name === '' ? 'is there, and not an empty folder' : `has ${name} in it`
    return new ExtractError('EXTRACT_IN_THE_WAY', folder, `${what}: give the name of a new folder`)
  }
  const found = await stat(folder).catch(() => undefined)
  if (found && !found.isDirectory()) throw inTheWay()
  const isNew = found === undefined
  const scratch = await openScratch(isNew ? dirname(folder) : folder, signal).catch(error => {
    throw error instanceof DiskError ? extractErrorOf(error) : error
  })
  const tree = `${scratch.folder}/tree`
  try {
    if (!isNew) {
      const found = (await withDescriptor(() => readdir(scratch.out))).find(name => name !== basename(scratch.shown))
      if (found !== undefined) throw inTheWay()
    }
    await mkdir(tree, 0o700)
  } catch (error) {
    await scratch.discard()
    throw error
  }

  async function moveInto(): Promise<void> {
    const moved: Buffer[] = []
    try {
      for (const name of await withDescriptor(() => readdir(tree, { encoding: 'buffer' }))) {
        const to = inside(scratch.out, name)
        if ((await lstat(to).catch(() => undefined)) !== undefined) throw inTheWay(name.toString())
        await move(inside(tree, name), to)
        moved.push(name)
      }
    } catch (error) {
      // The first error says more than one of these.
      for (const name of moved) await move(inside(scratch.out, name), inside(tree, name)).catch(() => {})
      throw error
    }
  }

  return {
    tree,
    isNew,
    async commit() {
      try {
        await (isNew ? rename(tree, join(scratch.out, basename(folder))) : moveInto())
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException
        if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') throw inTheWay()
        throw error
      }
    },
    discard: () => scratch.discard(),
  }
}

function extractErrorOf(error: DiskError): ExtractError {
  // Its message begins with the path, too.
  const what = error.message.slice(`${error.path}: `.length)
  return new ExtractError('EXTRACT_FAILED', error.path, what, { cause: error })
}

/** Moves something to a name that nothing has. */
async function move(from: Buffer, to: Buffer): Promise<void> {
  const { mode } = await lstat(from)
  // What is moved to another folder has to be writable (rename(2)).
  const isLocked = (mode & OWNER_MAY_WRITE) === 0
  if (isLocked) await chmod(from, mode | OWNER_MAY_WRITE)
  await rename(from, to)
  if (isLocked) await chmod(to, mode)
}

function inside(folder: string, name: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${folder}/`), name])
}
