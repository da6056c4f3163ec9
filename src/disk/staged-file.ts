import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { attempt } from './attempt.ts'
import { syncGradually } from './sync.ts'
import { writeAll } from './write-all.ts'

/** A file being written. */
export interface StagedFile {
  /** Appends. The bytes are free again when it resolves. */
  write(bytes: Uint8Array): Promise<void>
  /** Takes back all that was written. */
  rewind(): Promise<void>
  /** Makes the file durable and tells what is in it. */
  close(): Promise<FileDigest>
}

/** A finished file, without its folder. */
export interface FileDigest {
  readonly file: string
  /** Bytes. */
  readonly size: number
  /** Lower-case base 16. */
  readonly sha256: string
}

/** A file that is to become `file` in `folder`, by its handle; `closed` is called once that is closed. */
export function stageFile(handle: FileHandle, folder: string, file: string, closed: () => void): StagedFile {
  const path = join(folder, file)
  let hash = createHash('sha256')
  let size = 0
  const sync = syncGradually(handle)
  return {
    async write(bytes) {
      // The hash is taken while the system call is under way on another thread.
      const written = writeAll(handle, bytes, size)
      hash.update(bytes)
      size += bytes.length
      await attempt(path, async () => {
        await written
        sync.add(bytes.length)
      })
    },
    async rewind() {
      hash = createHash('sha256')
      size = 0
      await attempt(path, () => handle.truncate())
    },
    async close() {
      await attempt(path, async () => {
        await sync.finish()
        await handle.close()
      })
      closed()
      return { file, size, sha256: hash.digest('hex') }
    },
  }
}
