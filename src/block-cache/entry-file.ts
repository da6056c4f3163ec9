/**
 * An entry of a cache as a file, which bears the name of its key:
 *
 *     file     digest, contents
 *     digest   SHA-256 of the file's name and the contents, so that no file is taken for another one; of a block, whose key
 *              is its digest, that is compared instead
 */
import { createHash, randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { lutimes, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { withDescriptor } from '../descriptors.ts'
import { isTrusted, ownThreadName } from '../disk/index.ts'
import { sha256Hex } from '../sha256.ts'
import type { Room } from './cache.ts'

const DIGEST_SIZE = 32

/** Bytes that an entry has at the most: no block has a third of it. What is longer was not written here. */
const ENTRY_SIZE_MAX = 64 * 1024 * 1024

/** Names of files that are being written: this, the thread that writes, and something of chance. */
export const WRITING_PREFIX = '.writing-'

/** The folder of a cache, and who may use it. */
export interface CacheFolder {
  readonly folder: string
  /** Whether files of all users are believed, and others may read what is made as far as the umask lets them. */
  readonly shared: boolean
}

/** Contents of an entry, and when it was last used, in milliseconds since 1970. */
export interface StoredEntry {
  readonly bytes: Uint8Array
  readonly time: number
}

/**
 * Reads an entry; `undefined` for one that is damaged, somebody else's, or no file. Opening neither follows a symlink nor
 * waits for a fifo. Rejects where there is none. `sha256` is the digest of its contents where that is known.
 */
export async function readEntry(
  { folder, shared }: CacheFolder,
  name: string,
  // Not zeroed: all of it is read, or none of it given.
  { sha256, room = Buffer.allocUnsafeSlow }: { readonly sha256?: string; readonly room?: Room } = {},
): Promise<StoredEntry | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK
  const handle = await withDescriptor(() => open(join(folder, name), flags))
  try {
    const found = await handle.stat()
    const { size } = found
    const isOurs = found.isFile() && (shared || isTrusted(found))
    if (!isOurs || size < DIGEST_SIZE || size > DIGEST_SIZE + ENTRY_SIZE_MAX) return undefined
    const file = room(size)
    for (let at = 0; at < size; ) {
      const { bytesRead } = await handle.read(file, at, size - at, at)
      if (bytesRead === 0) return undefined
      at += bytesRead
    }
    const bytes = new Uint8Array(file.buffer, file.byteOffset + DIGEST_SIZE, size - DIGEST_SIZE)
    // Not by a thread of Node's own, for which the bytes would be copied: that takes as long as to hash them here.
    const isWhole =
      sha256 === undefined ? digestOf(name, bytes).equals(file.subarray(0, DIGEST_SIZE)) : sha256Hex(bytes) === sha256
    return isWhole ? { bytes, time: found.mtimeMs } : undefined
  } finally {
    await handle.close()
  }
}

/** Writes an entry, in place of whatever bears its name. Rejects with the error of the system call, and leaves nothing. */
export async function writeEntry({ folder, shared }: CacheFolder, name: string, bytes: Uint8Array): Promise<void> {
  if (bytes.length > ENTRY_SIZE_MAX) throw new RangeError(`an entry has up to ${ENTRY_SIZE_MAX} bytes`)
  const writing = join(folder, `${WRITING_PREFIX}${ownThreadName()}-${randomBytes(8).toString('hex')}`)
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL
  const handle = await withDescriptor(() => open(writing, flags, shared ? 0o666 : 0o600))
  try {
    try {
      // A umask may take more than it should.
      if (!shared) await handle.chmod(0o600)
      await handle.writeFile(digestOf(name, bytes))
      await handle.writeFile(bytes)
    } finally {
      await handle.close()
    }
    await rename(writing, join(folder, name))
  } catch (error) {
    await rm(writing, { force: true }).catch(() => {})
    throw error
  }
}

/** Says that an entry was used now. */
export async function touchEntry({ folder }: CacheFolder, name: string): Promise<void> {
  const now = new Date()
  await lutimes(join(folder, name), now, now)
}

function digestOf(name: string, bytes: Uint8Array): Buffer {
  return createHash('sha256').update(name).update(bytes).digest()
}
