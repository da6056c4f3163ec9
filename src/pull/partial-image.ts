import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { attempt, openRegularFile, writeAll } from '../disk/index.ts'
import type { ImagePart } from './image-parts.ts'

/** An image file as far as it is there. Writes throw `DiskError`. */
export interface PartialImage {
  readonly handle: FileHandle
  /** Writes bytes, which are free again when it resolves. */
  write(bytes: Uint8Array, position: number): Promise<void>
  /** Cuts it, or fills it up with zeros. */
  resize(size: number): Promise<void>
  /** Bytes that were written. */
  read(position: number, size: number): Promise<Uint8Array>
  /** Whether a part is there already. */
  has(part: ImagePart): Promise<boolean>
  /** SHA-256 of the first `size` bytes, lower-case base 16; `undefined` if there are fewer. */
  digest(size: number): Promise<string | undefined>
}

/** Bytes read at a time. */
export const READ_SIZE = 1024 * 1024

/** The image file that `handle` is open for; `path` is for messages. */
export function createPartialImage(handle: FileHandle, path: string): PartialImage {
  const digest = (offset: number, size: number) => attempt(path, () => digestOf(handle, offset, size))
  return {
    handle,
    write: (bytes, position) => attempt(path, () => writeAll(handle, bytes, position)),
    read: async (position, size) => {
      const bytes = new Uint8Array(size)
      const { bytesRead } = await attempt(path, () => handle.read(bytes, 0, size, position))
      return bytes.subarray(0, bytesRead)
    },
    resize: size => attempt(path, () => handle.truncate(size)),
    has: async ({ offset, size, sha256 }) => (await digest(offset, size)) === sha256,
    digest: size => digest(0, size),
  }
}

/** Whether a file has these contents; with `size`, that is asked first. */
export async function hasDigest(path: string, sha256: string, size?: number): Promise<boolean> {
  const handle = await openRegularFile(path).catch(() => undefined)
  try {
    const found = await handle?.stat()
    if (!handle || !found || (size !== undefined && found.size !== size)) return false
    return (await digestOf(handle, 0, found.size)) === sha256
  } catch {
    return false
  } finally {
    await handle?.close()
  }
}

/** SHA-256 of a part of a file; `undefined` if it ends earlier. */
async function digestOf(handle: FileHandle, offset: number, size: number): Promise<string | undefined> {
  const hash = createHash('sha256')
  // While one buffer is hashed, the other one is read into.
  let buffers = [Buffer.allocUnsafe(Math.min(size, READ_SIZE)), Buffer.allocUnsafe(Math.min(size, READ_SIZE))]
  const read = (at: number) => handle.read(buffers[1], 0, Math.min(buffers[1].length, size - at), offset + at)
  let at = 0
  let pending = read(0)
  while (at < size) {
    const { bytesRead } = await pending
    if (bytesRead === 0) return undefined
    at += bytesRead
    buffers = [buffers[1], buffers[0]]
    if (at < size) pending = read(at)
    hash.update(buffers[0].subarray(0, bytesRead))
  }
  return hash.digest('hex')
}
