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
  /** Where it was opened. */
  let origin = start
  let before = 0
  return {
    get size() {
      return before + input.size
    },
    get held() {
      return input.held
    },
    take: most => input.take(most),
    gather: length => input.gather(length),
    peek: length => input.peek(length),
    unread: bytes => input.unread(bytes),
    async skip(length) {
      const target = origin + input.size - input.held + length
      const isNear = isLazy ? length <= input.held : length < SEEK_MIN
      if (!tar.isSeekable || isNear || target > (end ?? tar.size ?? 0)) return input.skip(length)
      await input.close()
      before += input.size
      origin = target
      input = open(target)
      return length
    },
    rest: () => input.rest(),
    drain: () => input.drain(),
    close: () => input.close(),
  }
}
