/**
 * Gives each piece in memory that is written over when the next one is asked for, as a decoder does whose data is lent: what
 * keeps a view of a piece, and not a copy, shows it by other bytes.
 */
export async function* lent(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const piece of pieces) {
    // A Buffer, whose `slice` is a view, too.
    const memory = Buffer.from(piece)
    yield memory
    memory.fill(0xa5)
  }
}
