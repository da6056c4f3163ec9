import { join } from 'node:path'
import { flag, objectOf, resolvePath, wholeNumber } from '../arguments.ts'
import { DescriptorsError } from '../descriptors.ts'
import { DiskError, makeFolders, reasonOf } from '../disk/index.ts'
import { homeFolder } from '../home-folder.ts'
import { digestInKey, isRecordKey } from './batch-record.ts'
import { type BlockCache, declareComparing } from './cache.ts'
import { type CacheFolder, readEntry, touchEntry, writeEntry } from './entry-file.ts'
import { BlockCacheError } from './errors.ts'
import { checkFolderTrust } from './folder-trust.ts'
import { fileNameOf, listFolder, removeFiles } from './listing.ts'
import { pruneFolder, sizeOf } from './prune.ts'

/** Bytes that a cache may take on disk if nothing else is said. */
export const CACHE_SIZE_MAX = 10_000_000_000

const HOUR = 3_600_000

/** How a cache in a folder is opened. */
export interface BlockCacheOptions {
  /** Bytes it may take on disk. Default: {@link CACHE_SIZE_MAX}. */
  readonly maxSize?: number
  /**
   * Whether other users may write into the folder, and what they put there is believed: they can change what is in
   * images. Files and folders are then made as the umask says. Default false.
   */
  readonly shared?: boolean
}

const checkOptions = objectOf({ maxSize: wholeNumber(0), shared: flag })
const checkPruneOptions = objectOf({ maxSize: wholeNumber(0) })

/** What a cache holds. */
export interface CacheStats {
  /** Bytes of all entries. */
  readonly size: number
  /** Batches of store paths whose blocks it has. */
  readonly batches: number
  readonly blocks: number
  /** Files that no build can use, such as those of killed builds. `prune` removes them. */
  readonly leftOvers: number
}

/** A cache in a folder of this machine. */
export interface LocalBlockCache extends BlockCache {
  /** Absolute path. */
  readonly folder: string
  /** Counts what it holds. */
  stats(): Promise<CacheStats>
  /**
   * Removes left-overs, and what was not used for longest, until at most `maxSize` bytes are left (default: what the cache
   * may take). Resolves to the bytes removed. Rejects with `BlockCacheError` FOLDER_UNWRITABLE, once all that can be is removed.
   */
  prune(options?: { readonly maxSize?: number }): Promise<number>
  /** Removes all that it holds. Rejects as `prune` does. */
  clear(): Promise<void>
}

/**
 * Opens a cache in a folder, by default `nspawn-rootfs` in `$XDG_CACHE_HOME` or `~/.cache`. Any number of builds may use it
 * at a time: an entry is written under another name and renamed, and checked against its digest when it is read. Damaged
 * entries are treated as missing. Once it holds more than `maxSize` bytes, it removes what was not used for longest. `put` rejects
 * with `BlockCacheError` FOLDER_UNWRITABLE where the folder cannot be made or written.
 *
 * The folder is made, for its user alone, when something is put. Throws `BlockCacheError` FOLDER_UNTRUSTED for a folder
 * that others can change, and FOLDER_UNKNOWN if none is given and the user has no home; and `DescriptorsError`.
 */
export function openBlockCache(folder?: string | URL, options: BlockCacheOptions = {}): LocalBlockCache {
  checkOptions(options, 'options')
  const { maxSize = CACHE_SIZE_MAX, shared = false } = options
  const access = { folder: folder === undefined ? defaultFolder() : resolvePath(folder, 'folder'), shared }
  if (!shared) checkFolderTrust(access.folder)
  return openFolder(access, maxSize)
}

/** The cache of a build that names none: as in containers, a user without a home builds without one. */
export function openDefaultCache(): LocalBlockCache | undefined {
  return baseFolder() === undefined ? undefined : openBlockCache()
}

function defaultFolder(): string {
  const base = baseFolder()
  if (base === undefined) {
    const message = 'there is no home folder for the block cache: name a folder (--cache-dir)'
    throw new BlockCacheError('FOLDER_UNKNOWN', undefined, message)
  }
  return join(base, 'nspawn-rootfs')
}

function baseFolder(): string | undefined {
  const { XDG_CACHE_HOME: base } = process.env
  // The XDG Base Directory Specification: a relative path is to be ignored.
  if (base?.startsWith('/')) return base
  const home = homeFolder()
  return home?.startsWith('/') ? join(home, '.cache') : undefined
}

function openFolder(access: CacheFolder, maxSize: number): LocalBlockCache {
  const { folder, shared } = access
  // Bytes put since the cache was last cut to its size; at first nobody knows.
  let added = Number.POSITIVE_INFINITY

  async function makeFolder(): Promise<void> {
    if (shared) return void (await makeFolders(folder))
    await makeFolders(folder, 0o700)
    // Where it was missing, another user may have made it since.
    checkFolderTrust(folder)
  }

  async function cut(size: number): Promise<void> {
    added += size
    if (added < maxSize / 16) return
    added = 0
    await pruneFolder(access, maxSize)
  }

  const cache: LocalBlockCache = {
    folder,
    async get(key, room) {
      try {
        const name = fileNameOf(key)
        const entry = await readEntry(access, name, { sha256: digestInKey(key), room })
        // Only of records it matters when they were last used.
        if (entry && isRecordKey(key) && Date.now() - entry.time > HOUR) await touchEntry(access, name).catch(() => {})
        return entry?.bytes
      } catch {
        // Not there, or nothing that this user may read: it will be made again.
        return undefined
      }
    },
    async put(key, bytes) {
      if (!(bytes instanceof Uint8Array)) throw new TypeError(`bytes: give a Uint8Array, not ${typeof bytes}`)
      try {
        await makeFolder()
        await writeEntry(access, fileNameOf(key), bytes)
      } catch (cause) {
        if (cause instanceof BlockCacheError || cause instanceof DescriptorsError) throw cause
        const message = cause instanceof DiskError ? cause.message : `${folder}: cannot be written: ${reasonOf(cause)}`
        throw new BlockCacheError('FOLDER_UNWRITABLE', folder, message, { cause })
      }
      // What cannot be removed takes nothing from what was put.
      await cut(bytes.length).catch(() => {})
      return true
    },
    async stats() {
      const { records, blocks, leftOvers } = await listFolder(access)
      const size = sizeOf(records) + sizeOf(blocks)
      return { size, batches: records.length, blocks: blocks.length, leftOvers: leftOvers.length }
    },
    async prune(options = {}) {
      checkPruneOptions(options, 'options')
      return pruneFolder(access, options.maxSize ?? maxSize)
    },
    async clear() {
      const { records, blocks, leftOvers } = await listFolder(access)
      await removeFiles(access, [...leftOvers, ...records, ...blocks])
    },
  }
  declareComparing(cache)
  return cache
}
