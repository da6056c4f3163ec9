import type { ByteString } from '../bytes/index.ts'

/** Texts, one after the other in a few large pieces of memory. */
export interface TextStore {
  /** Keeps a part of a text, and tells where; -1 if there is no room, or if it has more than {@link TEXT_MAX} bytes. */
  add(text: ByteString, start?: number, end?: number): number
  read(place: number): ByteString
  /** Whether what is kept there is that part of a text. */
  isEqual(place: number, text: ByteString, start: number, end: number): boolean
}

/** The longest path has less. */
export const TEXT_MAX = 0xffff

const PIECE_SIZE = 2 ** 20
const LENGTH_SIZE = 2

/** Makes a store of at most `sizeMax` bytes. */
export function createTextStore(sizeMax: number): TextStore {
  const pieces: Buffer[] = []
  const piecesMax = Math.ceil(sizeMax / PIECE_SIZE)
  let at = PIECE_SIZE
  return {
    add(text, start = 0, end = text.length) {
      if (end - start > TEXT_MAX) return -1
      const size = LENGTH_SIZE + end - start
      if (at + size > PIECE_SIZE) {
        if (pieces.length === piecesMax) return -1
        pieces.push(Buffer.alloc(PIECE_SIZE))
        at = 0
      }
      const piece = pieces[pieces.length - 1]!
      const place = (pieces.length - 1) * PIECE_SIZE + at
      piece.writeUInt16LE(end - start, at)
      at += LENGTH_SIZE
      for (let i = start; i < end; i++) piece[at++] = text.charCodeAt(i)
      return place
    },
    read(place) {
      const piece = pieces[Math.floor(place / PIECE_SIZE)]!
      const start = (place % PIECE_SIZE) + LENGTH_SIZE
      // As decodeByteString, in one call: rules read the names of a million paths.
      return piece.toString('latin1', start, start + piece.readUInt16LE(start - LENGTH_SIZE)) as ByteString
    },
    isEqual(place, text, start, end) {
      const piece = pieces[Math.floor(place / PIECE_SIZE)]!
      const from = place % PIECE_SIZE
      if (piece[from]! + piece[from + 1]! * 256 !== end - start) return false
      for (let i = start, j = from + LENGTH_SIZE; i < end; i++, j++) if (piece[j] !== text.charCodeAt(i)) return false
      return true
    },
  }
}
