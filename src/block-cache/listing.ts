import { lstat, readdir, rmdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { withDescriptor } from '../descriptors.ts'
import { isAbandoned, isMissing, isTrusted, reasonOf } from '../disk/index.ts'
import { sha256Hex } from '../sha256.ts'
import { isRecordKey } from './batch-record.ts'
import { type CacheFolder, WRITING_PREFIX } from './entry-file.ts'
import { BlockCacheError } from './errors.ts'

const RECORD_PREFIX = 'record-'
const ENTRY_NAME = /^(?:record|block)-[0-9a-f]{64}$/

/** A file in the folder of a cache. */
export interface CacheFile {
  readonly name: string
  /** Bytes on disk. */
  readonly size: number
  /** Milliseconds since 1970 when it was last used. */
  readonly time: number
}

/** What is in the folder of a cache. Other files there are not the cache's. */
export interface Listing {
  readonly records: readonly CacheFile[]
  readonly blocks: readonly CacheFile[]
  /** Files that killed writers have left, and what bears the name of an entry but cannot be used. */
  readonly leftOvers: readonly CacheFile[]
}

/** The name of the file for a key. */
export function fileNameOf(key: string): string {
  const digest = sha256Hex(key)
  return `${isRecordKey(key) ? RECORD_PREFIX : 'block-'}${digest}`
}

/** Lists the folder of a cache: empty if it is not there. Follows no symlinks, and opens nothing. */
export async function listFolder({ folder, shared }: CacheFolder): Promise<Listing> {
  const listing = { records: [] as CacheFile[], blocks: [] as CacheFile[], leftOvers: [] as CacheFile[] }
  for (const name of await namesIn(folder)) {
    const isWriting = name.startsWith(WRITING_PREFIX)
    if (!isWriting && !ENTRY_NAME.test(name)) continue
    const found = await lstat(join(folder, name)).catch(() => undefined)
    if (!found) continue
    const file = { name, size: found.isFile() ? found.size : 0, time: found.mtimeMs }
    if (isWriting) {
      if (isAbandoned(name.slice(WRITING_PREFIX.length), file.time)) listing.leftOvers.push(file)
    } else if (!found.isFile() || !(shared || isTrusted(found))) listing.leftOvers.push(file)
    else if (name.startsWith(RECORD_PREFIX)) listing.records.push(file)
    else listing.blocks.push(file)
  }
  return listing
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await withDescriptor(() => readdir(folder))
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}

/**
 * Removes files, in this order; an empty folder that bears the name of an entry, too. Resolves to their bytes. Throws
 * `BlockCacheError` FOLDER_UNWRITABLE for the first that cannot be removed, once all others are.
 */
export async function removeFiles({ folder, shared }: CacheFolder, files: readonly CacheFile[]): Promise<number> {
  let removed = 0
  let failure: BlockCacheError | undefined
  for (const { name, size } of files) {
    const path = join(folder, name)
    try {
      await unlink(path).catch(error => {
        if (!['EISDIR', 'EPERM'].includes(error.code)) throw error
        return rmdir(path)
      })
      removed += size
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException
      // Somebody else has removed it; or it is a folder with something in it, or somebody else's.
      if (['ENOENT', 'ENOTEMPTY', 'ENOTDIR', ...(shared ? ['EPERM', 'EACCES'] : [])].includes(code)) continue
      const message = `${path}: cannot be removed: ${reasonOf(error)}`
      failure ??= new BlockCacheError('FOLDER_UNWRITABLE', folder, message, { cause: error })
    }
  }
  if (failure) throw failure
  return removed
}
