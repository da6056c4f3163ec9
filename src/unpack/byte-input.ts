/** Bytes that are taken as they come, and can be given back. What is given is only a view: who keeps it makes a copy. */
export interface ByteInput {
  /** Bytes that came so far, those that were given back counted once. */
  readonly size: number
  /** Bytes of them that are in memory: they come without asking the source. */
  readonly held: number
  /** The next bytes, at most `most` of them (default: a piece); `undefined` at the end. */
  take(most?: number): Promise<Uint8Array | undefined>
  /** The next `length` bytes, fewer only at the end. */
  gather(length: number): Promise<Uint8Array>
  /** The same, which come again. For a few bytes: they have to lie together. */
  peek(length: number): Promise<Uint8Array>
  /** Gives back bytes that were taken last. */
  unread(bytes: Uint8Array): void
  /** All that is left, in pieces. */
  rest(): AsyncGenerator<Uint8Array>
  /** Passes over the next `length` bytes; returns how many there were, fewer only at the end. */
  skip(length: number): Promise<number>
  /** Takes all that is left, and returns its size. */
  drain(): Promise<number>
  /** Ends the source. */
  close(): Promise<void>
}

/**
 * Takes bytes out of `source`, whose errors go through, in pieces of at most `pieceSize` (default: as they come). Nothing of a
 * piece is needed any more when the next is asked for.
 */
export function createByteInput(source: AsyncIterable<Uint8Array>, pieceSize = Number.POSITIVE_INFINITY): ByteInput {
  const iterator = source[Symbol.asyncIterator]()
  let rest: Uint8Array = new Uint8Array(0)
  let size = 0
  let failure: { readonly error: unknown } | undefined
  const next = async () => {
    // A generator that has thrown says from then on that it has ended.
    if (failure) throw failure.error
    try {
      const { value, done } = await iterator.next()
      if (done) return undefined
      size += value.length
      return value
    } catch (error) {
      failure = { error }
      throw error
    }
  }
  const fill = async () => {
    while (rest.length === 0) {
      const value = await next()
      if (value === undefined) return false
      rest = value
    }
    return true
  }
  const cut = (length: number) => {
    const piece = rest.subarray(0, length)
    rest = rest.subarray(piece.length)
    return piece
  }
  const take = async (most = pieceSize) => ((await fill()) ? cut(most) : undefined)
  return {
    get size() {
      return size
    },
    get held() {
      return rest.length
    },
    take,
    async gather(length) {
      if (rest.length >= length) return cut(length)
      const pieces: Uint8Array[] = []
      for (let left = length; left > 0 && (await fill()); ) {
        const piece = cut(left)
        left -= piece.length
        // Its memory may be used again for the next one.
        pieces.push(left > 0 ? new Uint8Array(piece) : piece)
      }
      return Buffer.concat(pieces)
    },
    async peek(length) {
      while (rest.length < length) {
        rest = new Uint8Array(rest)
        const value = await next()
        if (value === undefined) break
        rest = rest.length === 0 ? value : Buffer.concat([rest, value])
      }
      return rest.subarray(0, length)
    },
    unread(bytes) {
      // Mostly they still lie in front of the others.
      const isBeside = bytes.buffer === rest.buffer && bytes.byteOffset + bytes.length === rest.byteOffset
      rest = isBeside
        ? new Uint8Array(rest.buffer, bytes.byteOffset, bytes.length + rest.length)
        : Buffer.concat([bytes, rest])
    },
    async *rest() {
      for (let piece = await take(); piece !== undefined; piece = await take()) yield piece
    },
    async skip(length) {
      let left = length
      while (left > 0 && (await fill())) left -= cut(left).length
      return length - left
    },
    async drain() {
      let drained = 0
      for (let piece = await take(); piece !== undefined; piece = await take()) drained += piece.length
      return drained
    },
    async close() {
      await iterator.return?.()
    },
  }
}
