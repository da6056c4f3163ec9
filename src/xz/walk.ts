import { concatBytes } from '../bytes/index.ts'

/**
 * Decoding as a walk through bytes: a generator. If it yields a number, it is resumed with so many of the next bytes. If it
 * yields decoded data, it is resumed with none.
 */
export type Walk<Result> = Generator<number | Uint8Array, Result, Uint8Array>

const NOTHING = new Uint8Array(0)

/** Feeds a walk from pieces that may be cut anywhere. */
export interface Walker {
  /** Takes the next piece, and gives the data that it completes. It is read as the data is taken. */
  push(piece: Uint8Array): Generator<Uint8Array, void, void>
  /** Counts bytes that came, but that the walk need not look at. */
  skip(length: number): void
  /** Bytes that the walk has been given, and those that were skipped. */
  readonly position: number
  /** Bytes that came, but are fewer than the walk wants next. */
  readonly held: number
}

/** Feeds a walk that never ends by itself. */
export function createWalker(walk: Walk<never>): Walker {
  let wanted = 0
  let position = 0
  let held: Uint8Array[] = []
  let heldSize = 0

  /** Resumes the walk with the bytes that it wanted, to where it wants more. */
  function* resume(bytes: Uint8Array): Generator<Uint8Array, void, void> {
    let step = walk.next(bytes).value
    for (; typeof step !== 'number'; step = walk.next(NOTHING).value) yield step
    wanted = step
  }

  let isBegun = false
  return {
    *push(piece) {
      if (!isBegun) yield* resume(NOTHING)
      isBegun = true
      for (let at = 0; ; ) {
        const part = piece.subarray(at, at + wanted - heldSize)
        at += part.length
        heldSize += part.length
        if (heldSize < wanted) {
          // The piece is its owner's again when this call is over.
          if (part.length > 0) held.push(new Uint8Array(part))
          return
        }
        const bytes = held.length === 0 ? part : concatBytes([...held, part])
        position += heldSize
        held = []
        heldSize = 0
        yield* resume(bytes)
      }
    },
    skip(length) {
      position += length
    },
    get position() {
      return position
    },
    get held() {
      return heldSize
    },
  }
}
