import { type ByteInput, createByteInput } from '../unpack/index.ts'
import type { TarBytes } from './tar-bytes.ts'

/** Bytes that are passed over one by one: to begin anew further on takes about as long. */
const SEEK_MIN = 1024 * 1024

/**
 * The bytes of a tar archive from `start` on, up to `end`. What is passed over is not unpacked, if the archive can seek. With
 * `onlyHeaders`, most contents have to be passed over: see {@link TarBytes.headersFrom}.
 */
export function createSeekingInput(
  tar: TarBytes,
  {
    start,
    end,
    onlyHeaders = false,
  }: { readonly start: number; readonly end?: number | undefined; readonly onlyHeaders?: boolean },
): ByteInput {
  const isLazy = onlyHeaders && tar.headersFrom !== undefined
  const open = (offset: number) => createByteInput(isLazy ? tar.headersFrom!(offset, end) : tar.from(offset, end))
  let input = open(start)
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
    get held() {
      return input.held
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
      const isNear = isLazy ? length <= input.held : length < SEEK_MIN
      if (!tar.isSeekable || isNear || target > (end ?? tar.size ?? 0)) {
        const skipped = await input.skip(length)
        offset += skipped
        return skipped
      }
      await input.close()
      before += input.size
      offset = target
      input = open(target)
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
