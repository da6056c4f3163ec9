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

/** What the header of a chunk says. Sizes are in bytes. */
export interface Lzma2Chunk {
  /** Whether its bytes are the data. */
  readonly isStored: boolean
  /** The size of what follows the header. */
  readonly size: number
  /** The size of the data that it decodes to, at most 2 MiB. */
  readonly uncompressedSize: number
  readonly resetsDictionary: boolean
  readonly resetsState: boolean
  /** lc + 9 * (lp + 5 * pb), where the chunk sets them. */
  readonly properties?: number | undefined
}

/** The size of a chunk's header behind its control byte; 0 for the end marker, which has none, and for what is not valid. */
export function chunkHeaderRest(control: number): number {
  if (control >= 0xc0) return 5
  if (control >= 0x80) return 4
  return control === 1 || control === 2 ? 2 : 0
}

/**
 * Reads the headers of chunks, one after the other: each call takes a control byte, not that of the end marker, and the
 * bytes behind it. Throws {@link XzError} `XZ_LZMA2` for what is not valid, and for a chunk that uses a dictionary or
 * properties that no earlier one has set. `at` is where the header stands, for the message.
 */
export function createChunkHeaderReader(): (at: number, control: number, rest: Uint8Array) => Lzma2Chunk {
  let needsDictionary = true
  let needsProperties = true
  return (at, control, rest) => {
    if (chunkHeaderRest(control) === 0) throw fault(at, `the control byte ${control} is not valid`)
    const resetsDictionary = control === 1 || control >= 0xe0
    if (needsDictionary && !resetsDictionary) throw fault(at, 'the first chunk does not reset the dictionary')
    needsDictionary = false
    const low = rest[0] * 256 + rest[1] + 1
    if (control < 0x80) {
      // A dictionary reset drops the properties too, though a stored chunk cannot set new ones.
      if (resetsDictionary) needsProperties = true
      return { isStored: true, size: low, uncompressedSize: low, resetsDictionary, resetsState: false }
    }
    const properties = control >= 0xc0 ? rest[4] : undefined
    if (properties !== undefined) {
      checkProperties(at, properties)
      needsProperties = false
    } else if (needsProperties) {
      throw fault(at, 'the chunk needs properties that no chunk before it has set')
    }
    return {
      isStored: false,
      size: rest[2] * 256 + rest[3] + 1,
      uncompressedSize: (control & 31) * 0x1_0000 + low,
      resetsDictionary,
      resetsState: control >= 0xa0,
      properties,
    }
  }
}

/**
 * Walks the chunks of raw LZMA2 data, given in pieces that may be cut anywhere, to the end marker.
 *
 * Throws {@link XzError} `XZ_LZMA2` if the pieces end before the end marker or go on behind it, and what
 * `createChunkHeaderReader` throws.
 */
export function measureLzma2(pieces: readonly Uint8Array[]): Lzma2Sizes {
  const cursor = createCursor(pieces)
  const readHeader = createChunkHeaderReader()
  let uncompressedSize = 0
  for (;;) {
    const at = cursor.position
    const control = cursor.next()
    if (control === 0) break
    const chunk = readHeader(at, control, Uint8Array.from({ length: chunkHeaderRest(control) }, cursor.next))
    uncompressedSize += chunk.uncompressedSize
    cursor.skip(chunk.size)
  }
  const compressedSize = cursor.position
  const total = pieces.reduce((sum, piece) => sum + piece.length, 0)
  if (compressedSize !== total) throw fault(compressedSize, `${total - compressedSize} bytes follow the end marker`)
  return { compressedSize, uncompressedSize }
}

/**
 * Bytes of the first chunks of LZMA2 data that together decode to at most `most` bytes. What is cut off or not valid counts
 * as the end.
 */
export function sizeOfFirstChunks(data: Uint8Array, most: number): number {
  const readHeader = createChunkHeaderReader()
  let at = 0
  let left = most
  try {
    while (at < data.length && data[at] !== 0) {
      const body = at + 1 + chunkHeaderRest(data[at])
      if (body > data.length) break
      const chunk = readHeader(at, data[at], data.subarray(at + 1, body))
      const end = body + chunk.size
      if (chunk.uncompressedSize > left || end > data.length) break
      left -= chunk.uncompressedSize
      at = end
    }
  } catch {}
  return at
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
