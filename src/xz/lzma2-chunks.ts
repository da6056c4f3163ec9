import { XzError } from './errors.ts'

/**
 * The frame of LZMA2 data: its chunks, without looking into them. (The .xz specification leaves LZMA2 to its
 * implementations; this is what liblzma's lzma2_decoder.c accepts.)
 *
 *     data         = *chunk 00
 *     chunk        = control, uncompressed size - 1 (16 bits, big-endian), bytes             control 01, 02: stored
 *                  / control, uncompressed size - 1 (16 bits), compressed size - 1 (16 bits), [properties], bytes
 *     control      = 01: stored, dictionary reset; 02: stored; 80-FF: LZMA, bits 0-4 are bits 16-20 of the uncompressed
 *                    size - 1, bits 5-6: 0 continue, 1 state reset, 2 the same + properties, 3 the same + dictionary reset
 *
 * It costs a few bytes of reading per chunk, and finds a cut, doubled or swapped piece before a decoder would.
 */

/** What the chunks of LZMA2 data say of themselves, in bytes. */
export interface Lzma2Sizes {
  /** The size of the chunks with their headers and the end marker. */
  readonly compressedSize: number
  /** The size of the data that they decode to. */
  readonly uncompressedSize: number
}

/**
 * Walks the chunks of raw LZMA2 data, given in pieces that may be cut anywhere, to the end marker.
 *
 * Throws {@link XzError} `XZ_LZMA2` if the pieces end before the end marker or go on behind it, for a control byte that
 * is not valid, and for chunks that use a dictionary or properties that no earlier chunk has set.
 */
export function measureLzma2(pieces: readonly Uint8Array[]): Lzma2Sizes {
  const cursor = createCursor(pieces)
  let uncompressedSize = 0
  let needsDictionary = true
  let needsProperties = true
  for (;;) {
    const at = cursor.position
    const control = cursor.next()
    if (control === 0) break
    const resetsDictionary = control === 1 || control >= 0xe0
    if (needsDictionary && !resetsDictionary) throw fault(at, 'the first chunk does not reset the dictionary')
    needsDictionary = false
    if (control >= 0x80) {
      uncompressedSize += (control & 31) * 0x1_0000 + cursor.next() * 256 + cursor.next() + 1
      const size = cursor.next() * 256 + cursor.next() + 1
      if (control >= 0xc0) {
        checkProperties(at, cursor.next())
        needsProperties = false
      } else if (needsProperties) {
        throw fault(at, 'the chunk needs properties that no chunk before it has set')
      }
      cursor.skip(size)
    } else if (control <= 2) {
      // A dictionary reset drops the properties too, though a stored chunk cannot set new ones.
      if (resetsDictionary) needsProperties = true
      const size = cursor.next() * 256 + cursor.next() + 1
      uncompressedSize += size
      cursor.skip(size)
    } else {
      throw fault(at, `the control byte ${control} is not valid`)
    }
  }
  const compressedSize = cursor.position
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0)
  if (compressedSize !== total) throw fault(compressedSize, `${total - compressedSize} bytes follow the end marker`)
  return { compressedSize, uncompressedSize }
}

/** Properties hold lc + 9 * (lp + 5 * pb); LZMA2 allows lc + lp up to 4. */
function checkProperties(at: number, properties: number): void {
  const lc = properties % 9
  const lp = Math.floor(properties / 9) % 5
  if (properties >= 9 * 5 * 5 || lc + lp > 4) {
    throw fault(at, `the properties ${properties} (lc ${lc}, lp ${lp}) are not valid`)
  }
}

function fault(position: number, what: string): XzError {
  return new XzError('XZ_LZMA2', `LZMA2 data, byte ${position}: ${what}`)
}

/** Reads through several byte arrays as if they were one. */
function createCursor(pieces: readonly Uint8Array[]) {
  let piece = 0
  let offset = 0
  let position = 0
  return {
    get position() {
      return position
    },
    next(): number {
      while (piece < pieces.length && offset === pieces[piece].length) {
        piece++
        offset = 0
      }
      if (piece === pieces.length) throw fault(position, 'the data ends before its end marker')
      position++
      return pieces[piece][offset++]
    },
    skip(size: number): void {
      let left = size
      while (left > 0) {
        if (piece === pieces.length) throw fault(position, 'the data ends inside a chunk')
        const step = Math.min(left, pieces[piece].length - offset)
        offset += step
        position += step
        left -= step
        if (offset === pieces[piece].length) {
          piece++
          offset = 0
        }
      }
    },
  }
}
