import { rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { makeFolders } from '../folders.ts'
import { isRecordKey, parseRecord } from './batch-record.ts'
import type { BlockCache } from './cache.ts'

/** Bytes that a cache may take on disk if nothing else is said. */
export const CACHE_SIZE_MAX = 10_000_000_000

/** SHA-256 is the one that processors help with, and enough to see that bytes are those that were put. */
const ALGORITHMS: [string] = ['sha256']

/** Loaded when it is needed: it takes as long as everything else of the library, and a plain tar needs none of it. */
async function loadCacache(): Promise<typeof import('cacache')> {
  return (await import('cacache')).default
}

/** What cacache 20 keeps in its folder. */
const PARTS = ['index-v5', 'content-v2', 'tmp']

const HOUR = 3_600_000
const DAY = 24 * HOUR

/**
 * The folder where the blocks of this user are kept: `$XDG_CACHE_HOME/nspawn-rootfs`, else `~/.cache/nspawn-rootfs`. Throws
 * where the user has no home.
 */
export function defaultCacheFolder(): string {
  const { XDG_CACHE_HOME: base } = process.env
  // The XDG Base Directory Specification: what is not absolute is to be ignored.
  const home = homedir()
  if (!base?.startsWith('/') && !home.startsWith('/'))
    throw new Error('there is no home folder: name a folder for the cache')
  return join(base?.startsWith('/') ? base : join(home, '.cache'), 'nspawn-rootfs')
}

/**
 * A cache in a folder, which any number of builds may use at a time: entries are written under other names and renamed,
 * and checked against their digest when they are read. What is damaged is not there. Once it holds more than `maxSize`
 * bytes, what was not used for longest goes.
 */
export function openLocalCache(folder?: string, maxSize = CACHE_SIZE_MAX): BlockCache {
  const place = folder === undefined ? userFolder() : resolve(folder)
  return place === undefined ? { get: async () => undefined, put: async () => false } : openFolder(place, maxSize)
}

function openFolder(folder: string, maxSize: number): BlockCache {
  // Bytes put since the cache was last cut to its size; at first nobody knows.
  let added = Number.POSITIVE_INFINITY

  async function cut(size: number): Promise<void> {
    added += size
    if (added < maxSize / 16) return
    added = 0
    await prune(folder, maxSize)
  }

  return {
    async get(key) {
      try {
        const cacache = await loadCacache()
        const entry = await cacache.get.info(folder, key)
        if (!entry) return undefined
        const bytes = await readContent(folder, entry.integrity)
        // Only of records it matters when they were last used.
        if (isRecordKey(key) && Date.now() - entry.time > HOUR) await put(folder, key, bytes).catch(() => {})
        return bytes
      } catch {
        // Damaged, or nothing that this user may read: it will be made again.
        return undefined
      }
    },
    async put(key, bytes) {
      try {
        await makeFolders(folder)
        await put(folder, key, bytes)
      } catch {
        // A full disk or a folder of somebody else costs time at the next build, not this build.
        return false
      }
      // What cannot be removed takes nothing from what was put.
      await cut(bytes.length).catch(() => {})
      return true
    },
  }
}

/** As in containers: who has no home builds without a cache. */
function userFolder(): string | undefined {
  try {
    return defaultCacheFolder()
  } catch {
    return undefined
  }
}

async function put(folder: string, key: string, bytes: Uint8Array): Promise<void> {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  const cacache = await loadCacache()
  await cacache.put(folder, key, data, { algorithms: ALGORITHMS })
}

async function readContent(folder: string, integrity: string): Promise<Uint8Array> {
  const cacache = await loadCacache()
  try {
    return await cacache.get.byDigest(folder, integrity)
  } catch (error) {
    // It would not be written again as long as it lies there.
    if ((error as NodeJS.ErrnoException).code === 'EINTEGRITY') await cacache.rm.content(folder, integrity)
    throw error
  }
}

/** What a cache holds. */
export interface CacheStats {
  /** Bytes of all entries. */
  readonly size: number
  /** Batches of store paths whose blocks it has. */
  readonly batches: number
  readonly blocks: number
}

/** Counts what lies in a cache. */
export async function readCacheStats(folder: string): Promise<CacheStats> {
  const entries = await listEntries(resolve(folder))
  const batches = entries.filter(({ key }) => isRecordKey(key)).length
  return { size: sizeOf(entries), batches, blocks: entries.length - batches }
}

/** Removes what was not used for longest, until at most `maxSize` bytes are left. Resolves to the bytes removed. */
export function pruneCache(folder: string, maxSize: number): Promise<number> {
  return prune(resolve(folder), maxSize)
}

async function prune(folder: string, maxSize: number): Promise<number> {
  const entries = await listEntries(folder)
  if (sizeOf(entries) <= maxSize) return 0
  const byKey = new Map(entries.map(entry => [entry.key, entry]))
  const kept = new Set<string>()
  let size = 0
  for (const record of entries.filter(({ key }) => isRecordKey(key)).sort((a, b) => b.time - a.time)) {
    const blocks = await blocksOf(folder, record)
    const news = [record.key, ...blocks].filter(key => !kept.has(key)).flatMap(key => byKey.get(key) ?? [])
    size += sizeOf(news)
    if (size > maxSize) break
    for (const { key } of news) kept.add(key)
  }
  // Blocks without a record may be those of a build under way.
  const isNew = ({ key, time }: Entry) => !isRecordKey(key) && Date.now() - time < DAY && maxSize > 0
  const records = entries.filter(({ key }) => isRecordKey(key) && !kept.has(key))
  const named = new Set((await Promise.all(records.map(record => blocksOf(folder, record)))).flat())
  const stays = (entry: Entry) => kept.has(entry.key) || (isNew(entry) && !named.has(entry.key))
  const removed = entries.filter(entry => !stays(entry))
  // Records first: what a record names is there.
  removed.sort((a, b) => Number(isRecordKey(b.key)) - Number(isRecordKey(a.key)))
  // Equal contents lie there once, whoever has them.
  const shared = new Set(entries.filter(stays).map(({ integrity }) => integrity))
  const cacache = await loadCacache()
  // Its types lack the option to leave no trace of an entry.
  const removeEntry: (folder: string, key: string, options: { removeFully: true }) => Promise<unknown> =
    cacache.rm.entry
  for (const { key, integrity } of removed) {
    await removeEntry(folder, key, { removeFully: true })
    if (!shared.has(integrity)) await cacache.rm.content(folder, integrity)
  }
  return sizeOf(removed)
}

/** Removes all that lies in a cache. */
export async function clearCache(folder: string): Promise<void> {
  // Not cacache's own way, which takes the folder's name for a pattern, and everything that begins like these for its own.
  const whole = resolve(folder)
  for (const part of PARTS) await rm(join(whole, part), { recursive: true, force: true })
}

interface Entry {
  readonly key: string
  readonly integrity: string
  readonly size: number
  /** Milliseconds since 1970. */
  readonly time: number
}

async function listEntries(folder: string): Promise<Entry[]> {
  const cacache = await loadCacache()
  const entries = Object.values(await cacache.ls(folder))
  return entries.map(({ key, integrity, size = 0, time }) => ({ key, integrity, size, time }))
}

function sizeOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { size }) => sum + size, 0)
}

/** The keys of the blocks that a record names. */
async function blocksOf(folder: string, { integrity }: Entry): Promise<string[]> {
  try {
    return parseRecord(await readContent(folder, integrity))?.blocks.map(({ key }) => key) ?? []
  } catch {
    return []
  }
}
