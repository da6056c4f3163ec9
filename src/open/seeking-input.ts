import { type ByteInput, createByteInput } from '../unpack/index.ts'
import type { TarBytes } from './tar-bytes.ts'

/** Bytes that are passed over one by one: to begin anew further on takes about as long. */
const SEEK_MIN = 1024 * 1024

/** The bytes of a tar archive from `start` on, up to `end`. What is passed over is not unpacked, if the archive can seek. */
export function createSeekingInput(tar: TarBytes, start: number, end?: number): ByteInput {
  let input = createByteInput(tar.from(start, end))
  /** Where the next byte is in the archive. */
  let offset = start
  let before = 0
  const counted = async <T extends Uint8Array | undefined>(taken: Promise<T>): Promise<T> => {
    const bytes = await taken
    offset += bytes?.length ?? 0
    return bytes
  }
  return {
    get size() {
      return before + input.size
    },
    take: most => counted(input.take(most)),
    gather: length => counted(input.gather(length)),
    peek: length => input.peek(length),
    unread(bytes) {
      offset -= bytes.length
      input.unread(bytes)
    },
    async skip(length) {
      const target = offset + length
      if (!tar.isSeekable || length < SEEK_MIN || target > (end ?? tar.size ?? 0)) {
        const skipped = await input.skip(length)
        offset += skipped
        return skipped
      }
      await input.close()
      before += input.size
      offset = target
      input = createByteInput(tar.from(target, end))
      return length
    },
    async *rest() {
      for (let piece = await this.take(); piece !== undefined; piece = await this.take()) yield piece
    },
    async drain() {
      const drained = await input.drain()
      offset += drained
      return drained
    },
    close: () => input.close(),
  }
}
