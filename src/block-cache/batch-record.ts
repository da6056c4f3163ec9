import { sha256Hex } from '../sha256.ts'
import { type BlockCache, isComparing, type Room } from './cache.ts'

/**
 * How a batch of an image, which is one store path or a few, lies in a cache: its blocks, each under the SHA-256 of its
 * bytes, and a record that lists them, under a key made of all that decides their bytes. The record is put last and
 * removed first, so what it lists is there, unless something was lost.
 */
export interface BatchRecord {
  /** In the order of the file. */
  readonly blocks: readonly CachedBlock[]
  /** Bytes of tar of each store path of the batch. */
  readonly tarSizes: readonly number[]
}

/** A block in a cache. */
export interface CachedBlock {
  readonly key: string
  /** Bytes in the file. */
  readonly size: number
  /** Bytes of tar. */
  readonly uncompressedSize: number
  /** What the container wants to know of it. */
  readonly note: number
}

const RECORD_PREFIX = 'batch:'
const BLOCK_PREFIX = 'block:'
const BLOCK_KEY = new RegExp(`^${BLOCK_PREFIX}([0-9a-f]{64})$`)

/** The key of the record of a batch that follows from these texts, and from nothing else. */
export function recordKey(...parts: readonly string[]): string {
  return RECORD_PREFIX + sha256Hex(JSON.stringify(parts))
}

/** Whether a key is one of a record. */
export function isRecordKey(key: string): boolean {
  return key.startsWith(RECORD_PREFIX)
}

/** The digest that the bytes under a key have, lower-case base 16, if the key is one of a block. */
export function digestInKey(key: string): string | undefined {
  return BLOCK_KEY.exec(key)?.[1]
}

/** The record under a key, if there is one. */
export async function getRecord(cache: BlockCache, key: string): Promise<BatchRecord | undefined> {
  const bytes = await cache.get(key)
  return bytes && parseRecord(bytes)
}

/** Keeps a record. Its blocks have to be there. */
export async function putRecord(cache: BlockCache, key: string, record: BatchRecord): Promise<void> {
  await cache.put(key, new TextEncoder().encode(JSON.stringify(record)))
}

/** The bytes of a block, if they are there, and those that were put: no cache is believed. They may lie in what `room` gives. */
export async function getBlock(
  cache: BlockCache,
  { key, size }: Pick<CachedBlock, 'key' | 'size'>,
  room?: Room,
): Promise<Uint8Array | undefined> {
  const bytes = await cache.get(key, room)
  if (bytes?.length !== size) return undefined
  return isComparing(cache) || key === BLOCK_PREFIX + sha256Hex(bytes) ? bytes : undefined
}

/** The bytes of a block whose digest is known from elsewhere; `undefined` if the cache has none that are whole. */
export function findBlock(cache: BlockCache, sha256: string, size: number): Promise<Uint8Array | undefined> {
  return getBlock(cache, { key: BLOCK_PREFIX + sha256, size })
}

/** SHA-256 of the bytes of a block that {@link getBlock} gave, lower-case base 16. */
export function digestOfBlock({ key }: CachedBlock): string {
  return key.slice(BLOCK_PREFIX.length)
}

/** What is put into a cache beside the bytes of a block. */
export interface BlockFacts extends Pick<CachedBlock, 'uncompressedSize' | 'note'> {
  /** SHA-256 of the bytes, lower-case base 16. */
  readonly sha256: string
}

/** Keeps the bytes of a block, and resolves to what its record says of it; `undefined` if the cache has no room for it. */
export async function putBlock(
  cache: BlockCache,
  bytes: Uint8Array,
  { sha256, uncompressedSize, note }: BlockFacts,
): Promise<CachedBlock | undefined> {
  const key = BLOCK_PREFIX + sha256
  if (!(await cache.put(key, bytes))) return undefined
  return { key, size: bytes.length, uncompressedSize, note }
}

/** A record from its text; `undefined` for other text. */
export function parseRecord(bytes: Uint8Array): BatchRecord | undefined {
  try {
    const { blocks, tarSizes } = JSON.parse(new TextDecoder().decode(bytes)) as BatchRecord
    return blocks.every(isBlock) && tarSizes.every(isCount) ? { blocks, tarSizes } : undefined
  } catch {
    return undefined
  }
}

function isBlock({ key, size, uncompressedSize, note }: CachedBlock): boolean {
  return typeof key === 'string' && BLOCK_KEY.test(key) && [size, uncompressedSize, note].every(isCount)
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0
}
