/** Bytes that are taken as they come, and can be given back. */
export interface ByteInput {
  /** Bytes that came so far, those that were given back counted once. */
  readonly size: number
  /** The next bytes, at most a piece of them; `undefined` at the end. */
  take(): Promise<Uint8Array | undefined>
  /** The next `length` bytes, fewer only at the end. */
  gather(length: number): Promise<Uint8Array>
  /** Gives back bytes that were taken last. */
  unread(bytes: Uint8Array): void
}

/**
 * So few, because a few kilobytes may stand for many megabytes: what a decoder gives for a piece is in memory at once.
 */
const PIECE_SIZE = 4096

/** Takes bytes out of `source`, whose errors go through, in pieces of at most `pieceSize`. */
export function createByteInput(source: AsyncIterable<Uint8Array>, pieceSize = PIECE_SIZE): ByteInput {
  const iterator = source[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  let size = 0
  const fill = async () => {
    while (rest.length === 0) {
      const { value, done } = await iterator.next()
      if (done) return false
      rest = value
      size += value.length
    }
    return true
  }
  const input: ByteInput = {
    get size() {
      return size
    },
    async take() {
      if (!(await fill())) return undefined
      const piece = rest.subarray(0, pieceSize)
      rest = rest.subarray(piece.length)
      return piece
    },
    async gather(length) {
      const pieces: Uint8Array[] = []
      for (let left = length; left > 0 && (await fill()); ) {
        const piece = rest.subarray(0, left)
        pieces.push(piece)
        rest = rest.subarray(piece.length)
        left -= piece.length
      }
      return Buffer.concat(pieces)
    },
    unread(bytes) {
      rest = Buffer.concat([bytes, rest])
    },
  }
  return input
}
