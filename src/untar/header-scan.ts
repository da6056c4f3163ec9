import { BLOCK, decodeTarHeader } from './header.ts'

/** "ustar", with which a header of POSIX and of GNU tar tells what it is. */
const MAGIC = [0x75, 0x73, 0x74, 0x61, 0x72]
const MAGIC_OFFSET = 257

/** Types without contents, whatever size the header has. */
const EMPTY_TYPES = '123456'

/** Bytes that have to be saved: to begin anew behind them costs something, too. */
const SAVED_MIN = 64 * 1024

/**
 * Tells of a part of an archive, `size` bytes that come in order, from when on only contents follow: give it all that is there
 * so far, each time more. It follows the sizes in headers from the first that it finds, so it is a guess: the part may begin
 * within contents that look like a header.
 */
export function createHeaderScan(size: number): (data: Uint8Array) => boolean {
  let next = 0
  return data => {
    for (; next + BLOCK <= data.length; next += BLOCK) {
      if (MAGIC.some((byte, i) => data[next + MAGIC_OFFSET + i] !== byte)) continue
      const header = decodeTarHeader(data.subarray(next, next + BLOCK))
      if (header && !EMPTY_TYPES.includes(header.type)) next += Math.ceil((header.size ?? 0) / BLOCK) * BLOCK
    }
    return next >= size && size - data.length >= SAVED_MIN
  }
}
