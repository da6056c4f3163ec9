/**
 * An output folder gets all artefacts or none: they are written into a hidden folder inside it, made durable there, and
 * renamed at the end. What a killed build left there is removed by the next.
 */
import { createHash, randomBytes } from 'node:crypto'
import { existsSync, fsync } from 'node:fs'
import { type FileHandle, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { makeFolders, removeEmpty } from '../folders.ts'
import { ownName, stateOfOwner } from '../owner.ts'
import { reasonOf } from '../store/index.ts'
import { ImageError } from './errors.ts'
import type { ArtefactDigest } from './manifest.ts'

const PREFIX = '.nspawn-rootfs-'

/** Where artefacts are written before they get their final names. */
export interface Staging {
  /** Creates a file. */
  create(file: string): Promise<StagedFile>
  /**
   * Gives the files their final names, in this order, and removes the outdated ones; if a name cannot be had, everything
   * is as it was.
   */
  commit(files: readonly string[], outdated: readonly string[]): Promise<void>
  /** Removes everything that was not committed, and the output folder if it was made for this. */
  discard(): Promise<void>
}

/** A file being written. */
export interface StagedFile {
  /** Appends. The bytes are free again when it resolves. */
  write(bytes: Uint8Array): Promise<void>
  /** Takes back all that was written. */
  rewind(): Promise<void>
  /** Makes the file durable and tells what is in it. */
  close(): Promise<ArtefactDigest>
}

/** A hidden folder in an output folder, for what is not finished. */
export interface Scratch {
  readonly folder: string
  /** Removes it with all that is in it, and the output folder if that was made for it and is empty. Never rejects. */
  discard(): Promise<void>
}

/** Makes a scratch folder in `folder`, made if need be, and removes those left over. Throws `ImageError` OUTPUT_FAILED. */
export async function openScratch(folder: string): Promise<Scratch> {
  const made = await attempt(folder, () => makeFolders(folder))
  const scratch = join(folder, `${PREFIX}${ownName()}-${randomBytes(4).toString('hex')}`)
  const discard = async () => {
    // Whatever fails here must not hide why it is discarded; what is left, the next build removes.
    await rm(scratch, { recursive: true, force: true }).catch(() => {})
    if (made !== undefined) await removeEmpty(folder, made)
  }
  try {
    await attempt(folder, () => mkdir(scratch))
    await removeStale(folder)
  } catch (error) {
    await discard()
    throw error
  }
  return { folder: scratch, discard }
}

/** Prepares `folder`, made if need be, for `files`. Throws `ImageError` OUTPUT_FAILED. */
export async function openStaging(folder: string, files: readonly string[]): Promise<Staging> {
  const scratch = await openScratch(folder)
  const staging = scratch.folder
  const opened = new Set<FileHandle>()
  const discard = async () => {
    for (const handle of opened) await handle.close().catch(() => {})
    opened.clear()
    await scratch.discard()
  }
  try {
    for (const file of files) await checkReplaceable(join(folder, file))
  } catch (error) {
    await discard()
    throw error
  }
  return {
    discard,
    async create(file) {
      const path = join(staging, file)
      const handle = await attempt(join(folder, file), () => open(path, 'wx'))
      opened.add(handle)
      return stagedFile(handle, folder, file, () => opened.delete(handle))
    },
    async commit(names, outdated) {
      const done: string[] = []
      try {
        for (const file of names) {
          await keepPrevious(folder, staging, file)
          await attempt(join(folder, file), () => rename(join(staging, file), join(folder, file)))
          done.push(file)
        }
        for (const file of outdated) await attempt(join(folder, file), () => rm(join(folder, file)))
        await syncPath(folder)
      } catch (error) {
        for (const file of done) await restorePrevious(folder, staging, file)
        throw error
      }
      await scratch.discard()
    },
  }
}

function stagedFile(handle: FileHandle, folder: string, file: string, closed: () => void): StagedFile {
  const path = join(folder, file)
  let hash = createHash('sha256')
  let size = 0
  return {
    async write(bytes) {
      // The hash is taken while the system call is under way on another thread.
      const written = writeAll(handle, bytes, size)
      hash.update(bytes)
      size += bytes.length
      await attempt(path, () => written)
    },
    async rewind() {
      hash = createHash('sha256')
      size = 0
      await attempt(path, () => handle.truncate())
    },
    async close() {
      await attempt(path, async () => {
        await sync(handle)
        await handle.close()
      })
      closed()
      return { file, size, sha256: hash.digest('hex') }
    },
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten
  }
}

/** The digest of a file that is there already, `undefined` if it is not. Throws `ImageError` OUTPUT_FAILED. */
export async function digestOf(folder: string, file: string): Promise<ArtefactDigest | undefined> {
  const path = join(folder, file)
  if (!existsSync(path)) return undefined
  const contents = await readFile(path).catch(error => {
    const message = `${path}: cannot be read, though it is delivered with the image: ${reasonOf(error)}; remove it`
    throw new ImageError('OUTPUT_FAILED', path, message, { cause: error })
  })
  return { file, size: contents.length, sha256: createHash('sha256').update(contents).digest('hex') }
}

const PREVIOUS = '.previous'

/** Keeps a second name of the file that is about to be replaced, where the file system can. */
async function keepPrevious(folder: string, staging: string, file: string): Promise<void> {
  await link(join(folder, file), join(staging, file + PREVIOUS)).catch(() => {})
}

/** Undoes a replacement. */
async function restorePrevious(folder: string, staging: string, file: string): Promise<void> {
  await rename(join(staging, file + PREVIOUS), join(folder, file)).catch(() => rm(join(folder, file), { force: true }))
}

/** Milliseconds after which a staging folder whose owner cannot be asked is taken to be left over. */
const LEFT_OVER = 24 * 60 * 60 * 1000

/** Removes the staging folders of builds that are no longer running. */
async function removeStale(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(PREFIX)) continue
    const path = join(folder, name)
    const state = stateOfOwner(name.slice(PREFIX.length))
    const modified = (await stat(path).catch(() => undefined))?.mtimeMs ?? Date.now()
    if (state === 'ended' || (state === 'unknown' && Date.now() - modified > LEFT_OVER)) {
      await rm(path, { recursive: true, force: true })
    }
  }
}

async function checkReplaceable(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined)
  if (!found || found.isFile()) return
  throw new ImageError(
    'OUTPUT_FAILED',
    path,
    `${path}: is in the way and not a file; remove it or choose another folder`,
  )
}

/** Makes durable what was written into a file or folder, by whomever. Throws `ImageError` OUTPUT_FAILED. */
export async function syncPath(path: string): Promise<void> {
  await attempt(path, async () => {
    const handle = await open(path, 'r')
    try {
      await sync(handle)
    } finally {
      await handle.close()
    }
  })
}

/** By its descriptor: the file handles of Yarn's Plug'n'Play have no `sync`. */
function sync({ fd }: FileHandle): Promise<void> {
  return promisify(fsync)(fd)
}

async function attempt<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    const message = `${path}: cannot be written: ${reasonOf(error)}; make room or choose another folder`
    throw new ImageError('OUTPUT_FAILED', path, message, { cause: error })
  }
}
