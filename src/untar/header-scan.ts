import { TAR_BLOCK_SIZE, tarPaddedSize } from '../tar/index.ts'
import { numberField } from './header.ts'

/** "ustar", by which a header of POSIX and of GNU tar is known. */
const MAGIC = [0x75, 0x73, 0x74, 0x61, 0x72]
const MAGIC_OFFSET = 257
const SIZE_OFFSET = 124
const TYPE_OFFSET = 156

/** Entries with the typeflags `1` to `6` have no contents, whatever size is in their headers. */
const hasContents = (typeflag: number) => typeflag < 0x31 || typeflag > 0x36

/** Fewer bytes are not worth the cost of starting again behind them. */
const SAVED_MIN = 64 * 1024

/**
 * Looks for the end of the last header in `size` bytes of an archive, which come in order. The returned function takes all bytes
 * so far, and says whether only contents follow. It follows the sizes from the first header on, which is a guess: contents may
 * look like a header, and extended headers may tell another size. It makes no objects.
 */
export function createHeaderScan(size: number): (data: Uint8Array) => boolean {
  let next = 0
  return data => {
    for (; next + TAR_BLOCK_SIZE <= data.length; next += TAR_BLOCK_SIZE) {
      if (MAGIC.some((byte, i) => data[next + MAGIC_OFFSET + i] !== byte)) continue
      if (!hasContents(data[next + TYPE_OFFSET]!)) continue
      next += tarPaddedSize(Math.max(0, numberField(data, next + SIZE_OFFSET, 12) ?? 0))
    }
    return next >= size && size - data.length >= SAVED_MIN
  }
}
