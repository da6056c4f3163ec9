/**
 * Names in a folder that change together. A record of all of them is on disk before the first one changes, and is removed
 * after the last. So the next build that finds one knows what a killed build has put there, and ends its change:
 *
 *     .change.json          {"files": [{"file", "was", "is"}], "outdated": [{"file", "was"}]}
 *     NAME                  what is to bear the name, until it does
 *     .previous-NAME        what bore it before
 *
 * `was` and `is` tell a file from another one: its size and the time of its last change, which no rename alters. `was` is
 * null where there was none.
 */
import { constants } from 'node:fs'
import { link, lstat, open, readFile, readlink, rename, symlink, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { withDescriptor } from '../descriptors.ts'
import { attempt } from './attempt.ts'
import { DiskError } from './errors.ts'
import { checkOwner, lookAt, type Sharing } from './ownership.ts'
import { syncFile, syncPath } from './sync.ts'

/** What is to change. */
export interface Change {
  /** Names for what lies in the scratch folder under the same ones, in the order in which they are given. */
  readonly files: readonly string[]
  /** Names that are removed afterwards. */
  readonly outdated: readonly string[]
}

/** The scratch folder of a change. */
export interface ChangePlace {
  readonly folder: string
  /** Who may write into the folder that it lies in. */
  readonly sharing: Sharing
  /** Makes the folder durable that it lies in, if that is new. */
  syncOutput(): Promise<void>
  /** Leaves it to the next build. */
  abandon(): Promise<void>
}

interface ChangeRecord {
  readonly files: { readonly file: string; readonly was: string | null; readonly is: string }[]
  readonly outdated: { readonly file: string; readonly was: string }[]
}

const RECORD = '.change.json'
const PREVIOUS = '.previous-'

/**
 * Changes names in `folder`, durably. If one cannot be changed, all are as they were; if even that is not possible, the
 * next build sees to it. One at a time may do so in a folder. Throws `DiskError`.
 */
export async function commitChange(folder: string, scratch: ChangePlace, change: Change): Promise<void> {
  for (const file of [...change.files, ...change.outdated]) {
    await attempt(join(folder, file), () => checkOwner(folder, file, scratch.sharing))
  }
  const record = await describe(folder, scratch.folder, change)
  await attempt(folder, () => scratch.syncOutput())
  await attempt(folder, () => writeRecord(scratch.folder, record))
  try {
    await make(folder, scratch.folder, record)
  } catch (error) {
    try {
      await undo(folder, scratch.folder, record)
    } catch (fault) {
      await scratch.abandon()
      throw unsettled(folder, error as DiskError, fault as DiskError)
    }
    throw error
  }
  // If it stays, the next build sees that all is done.
  await unlink(join(scratch.folder, RECORD)).catch(() => {})
}

/** Whether a change was begun in a scratch folder and not ended. */
export async function hasChange(scratch: string): Promise<boolean> {
  return (await readRecord(scratch)) !== undefined
}

/**
 * Ends the change that a killed build had begun: finishes it if that can be done, and undoes it if somebody has changed one
 * of its names since. Throws `DiskError`.
 */
export async function settleChange(folder: string, scratch: string): Promise<void> {
  const record = await readRecord(scratch)
  if (!record) return
  if (await canBeFinished(folder, scratch, record)) await make(folder, scratch, record)
  else await undo(folder, scratch, record)
  await attempt(folder, () => unlink(join(scratch, RECORD)))
}

async function canBeFinished(folder: string, scratch: string, { files }: ChangeRecord): Promise<boolean> {
  for (const { file, was, is } of files) {
    const now = await attempt(join(folder, file), () => identify(join(folder, file)))
    const isMoved = now === null && (await isThere(join(scratch, PREVIOUS + file)))
    const isFine = (await isThere(join(scratch, file))) ? now === was || isMoved : now === is
    if (!isFine) return false
  }
  return true
}

/** Makes what is left to be made of a change. */
async function make(folder: string, scratch: string, { files, outdated }: ChangeRecord): Promise<void> {
  for (const { file } of files) {
    await attempt(join(folder, file), async () => {
      if (!(await isThere(join(scratch, file)))) return
      await keepPrevious(folder, scratch, file)
      await rename(join(scratch, file), join(folder, file))
    })
  }
  for (const { file, was } of outdated) {
    await attempt(join(folder, file), async () => {
      if ((await identify(join(folder, file))) !== was) return
      await rename(join(folder, file), join(scratch, PREVIOUS + file))
    })
  }
  await attempt(folder, () => syncPath(folder))
}

/** Takes back what was made of a change; what somebody else has put there since stays. */
async function undo(folder: string, scratch: string, { files, outdated }: ChangeRecord): Promise<void> {
  for (const { file } of outdated) {
    await attempt(join(folder, file), async () => {
      if (!(await isThere(join(folder, file)))) await restore(folder, scratch, file)
    })
  }
  for (const { file, was, is } of files.toReversed()) {
    await attempt(join(folder, file), async () => {
      const now = await identify(join(folder, file))
      if (now !== is && now !== null) return
      if (was !== null) await restore(folder, scratch, file)
      else if (now !== null) await rename(join(folder, file), join(scratch, file))
    })
  }
  await attempt(folder, () => syncPath(folder))
}

async function restore(folder: string, scratch: string, file: string): Promise<void> {
  try {
    await rename(join(scratch, PREVIOUS + file), join(folder, file))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** Keeps what is about to be replaced under another name. */
async function keepPrevious(folder: string, scratch: string, file: string): Promise<void> {
  const path = join(folder, file)
  const previous = join(scratch, PREVIOUS + file)
  const found = await lookAt(path)
  try {
    if (found?.isSymbolicLink()) await symlink(await readlink(path), previous)
    else if (found?.isFile()) await link(path, previous)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return
    if (found?.isSymbolicLink()) throw error
    // Not every file system has links; then the name is gone for a moment.
    await rename(path, previous)
  }
}

async function describe(folder: string, scratch: string, { files, outdated }: Change): Promise<ChangeRecord> {
  const idOf = (file: string, place: string) => attempt(join(folder, file), () => identify(join(place, file)))
  const record: ChangeRecord = { files: [], outdated: [] }
  for (const file of files) {
    const is = await idOf(file, scratch)
    if (is === null) throw new Error(`${file}: is to be given its name, but was not made`)
    record.files.push({ file, was: await idOf(file, folder), is })
  }
  for (const file of outdated) {
    const was = await idOf(file, folder)
    if (was !== null) record.outdated.push({ file, was })
  }
  return record
}

async function isThere(path: string): Promise<boolean> {
  return (await lookAt(path)) !== undefined
}

/** What tells a file, link or folder from another one of its name; `null` if there is none. */
async function identify(path: string): Promise<string | null> {
  try {
    const { mode, size, mtimeNs } = await lstat(path, { bigint: true })
    return `${(mode & BigInt(constants.S_IFMT)).toString(8)}-${size}-${mtimeNs}`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

async function writeRecord(scratch: string, record: ChangeRecord): Promise<void> {
  const handle = await withDescriptor(() => open(join(scratch, RECORD), 'wx', 0o600))
  try {
    await handle.writeFile(JSON.stringify(record))
    await syncFile(handle)
  } finally {
    await handle.close()
  }
  await syncPath(scratch)
}

/** The record of a scratch folder; `undefined` if there is none, or one that was not written to its end. */
async function readRecord(scratch: string): Promise<ChangeRecord | undefined> {
  try {
    return JSON.parse(await withDescriptor(() => readFile(join(scratch, RECORD), 'utf8'))) as ChangeRecord
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function unsettled(folder: string, error: DiskError, fault: DiskError): DiskError {
  const message = `${error.message}. ${folder} is between two states (${fault.message}); the next build there sees to it`
  return new DiskError(error.path, message, { cause: error.cause })
}
