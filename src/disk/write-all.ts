import type { FileHandle } from 'node:fs/promises'

/** Writes all bytes at a place of a file: a call may write fewer than it is given. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await handle.write(bytes, at, bytes.length - at, position + at)).bytesWritten
  }
}
