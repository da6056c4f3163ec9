import { createHash } from 'node:crypto'
import { closeSync, constants, existsSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { READ_SIZE, withDescriptorSync } from '../descriptors.ts'
import { reasonOf } from '../disk/index.ts'
import type { ContentCheck, NarHash, StorePath } from '../nix/index.ts'
import type { ContentsSink } from './contents.ts'
import { StoreError } from './errors.ts'
import { checkNarHash, readNarContents } from './nar-contents.ts'

/** NARs up to here are held in memory, one for each thread that packs; longer ones in a file that has no name any more. */
const IN_MEMORY_MAX = 8 * 1024 * 1024

/** The hash and size that a NAR must have. */
export interface Expected {
  readonly path: StorePath
  readonly narHash: NarHash
  readonly narSize: number
  /** The content address that its contents must have. */
  readonly contentCheck?: ContentCheck
}

/** A NAR that was read to its end, and found to be the right one. */
export interface HeldNar {
  /** The URL of the file that it came from. */
  readonly url: string
  bytes(): AsyncIterable<Uint8Array>
  /** Gives memory and disk back. */
  close(): void
}

/**
 * Reads a NAR to its end before anybody packs it. So one that proves to be damaged can still be had from elsewhere, and
 * none of its bytes have gone into an image. Throws `NarFileError` NAR_FILE_MISMATCH for another NAR than expected,
 * CONTENT_MISMATCH, what `bytes` throws, and `StoreError` SCRATCH_UNWRITABLE.
 */
export async function holdNar(url: string, bytes: AsyncIterable<Uint8Array>, expected: Expected): Promise<HeldNar> {
  const { path, narHash, narSize, contentCheck } = expected
  const room = narSize <= IN_MEMORY_MAX ? memoryRoom(narSize) : fileRoom(narSize)
  try {
    const hash = createHash('sha256')
    for await (const chunk of bytes) {
      hash.update(chunk)
      room.add(chunk)
    }
    checkNarHash(hash, narHash, { path, url })
    if (contentCheck) await readNarContents(room.bytes(), { path, url }, NOWHERE, contentCheck)
  } catch (error) {
    room.close()
    throw error
  }
  return { url, bytes: room.bytes, close: room.close }
}

interface Room {
  add(chunk: Uint8Array): void
  bytes(): AsyncIterable<Uint8Array>
  close(): void
}

function memoryRoom(size: number): Room {
  const memory = new Uint8Array(size)
  let length = 0
  return {
    add(chunk) {
      memory.set(chunk, length)
      length += chunk.length
    },
    async *bytes() {
      yield memory
    },
    close() {},
  }
}

function fileRoom(size: number): Room {
  const file = openNameless(size)
  let length = 0
  const attempt = <T>(call: () => T): T => {
    try {
      return call()
    } catch (cause) {
      throw unwritable(size, cause)
    }
  }
  return {
    add(chunk) {
      attempt(() => {
        for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at, chunk.length - at, length + at)
      })
      length += chunk.length
    },
    async *bytes() {
      for (let at = 0; at < length; ) {
        const chunk = new Uint8Array(Math.min(READ_SIZE, length - at))
        const read = attempt(() => readSync(file, chunk, 0, chunk.length, at))
        if (read === 0) throw unwritable(size, new Error('it became shorter'))
        yield chunk.subarray(0, read)
        at += read
      }
    },
    close: () => closeSync(file),
  }
}

/** Where long files may lie for a while: /tmp is memory on many machines. */
function scratchFolder(): string {
  return !process.env.TMPDIR && existsSync('/var/tmp') ? '/var/tmp' : tmpdir()
}

/** Linux's O_TMPFILE (open(2)), which Node has no name for. */
const TEMPORARY = 0o20000000 | constants.O_DIRECTORY

/** A file that is gone with its descriptor, however this thread ends. */
function openNameless(size: number): number {
  const folder = scratchFolder()
  try {
    return withDescriptorSync(() => openSync(folder, TEMPORARY | constants.O_RDWR, 0o600))
  } catch {
    // Some file systems have no such files: one that had a name, if only for a moment.
  }
  try {
    const own = mkdtempSync(join(folder, 'nspawn-rootfs-'))
    try {
      return withDescriptorSync(() => openSync(join(own, 'nar'), 'wx+', 0o600))
    } finally {
      rmSync(own, { recursive: true, force: true })
    }
  } catch (cause) {
    throw unwritable(size, cause)
  }
}

function unwritable(size: number, cause: unknown): StoreError {
  const folder = scratchFolder()
  const message =
    `${folder}: cannot hold a NAR of ${size} bytes until it is verified: ${reasonOf(cause)}; ` +
    'name a folder with room for it in TMPDIR'
  return new StoreError('SCRATCH_UNWRITABLE', folder, message, { cause })
}

/** Takes contents that are read only to be checked. */
const NOWHERE: ContentsSink = (() => {
  const room = new Uint8Array(64 * 1024)
  return {
    directory() {},
    entry() {},
    endDirectory() {},
    symlink() {},
    regular() {},
    room: () => room,
    advance() {},
  }
})()
