import { concatBytes } from '../bytes/index.ts'

/**
 * Decoding as a walk through bytes: a generator. If it yields a number, it is resumed with so many of the next bytes. If it
 * yields decoded data, it is resumed with none.
 */
export type Walk<Result> = Generator<number | Uint8Array, Result, Uint8Array>

const NOTHING = new Uint8Array(0)

/** Feeds a walk from pieces that may be cut anywhere. */
export interface Walker {
  /**
   * Takes the next piece, and gives the data that it completes. It is read as the data is taken. After {@link checkUsable},
   * throws what the walk throws.
   */
  push(piece: Uint8Array): Generator<Uint8Array, void, void>
  /** Throws what the walk has thrown, and `TypeError` if the data of the last piece was not taken to its end. */
  checkUsable(): void
  /** Counts bytes that came, but that the walk need not look at. */
  skip(length: number): void
  /** Bytes that the walk has been given, and those that were skipped. */
  readonly position: number
  /** Bytes that came, but are fewer than the walk wants next. */
  readonly held: number
  /** Ends the walk: a `push` whose data is still being taken goes no further, either. */
  close(): void
  /** Whether a step of the walk is under way: it has called the one who asks. */
  readonly isRunning: boolean
}

/** Feeds a walk that never ends by itself. */
export function createWalker(walk: Walk<never>): Walker {
  let wanted = 0
  let position = 0
  let held: Uint8Array[] = []
  let heldSize = 0
  let failure: { readonly error: unknown } | undefined
  let isBegun = false
  let isBusy = false
  let isRunning = false
  let isClosed = false

  function checkUsable(): void {
    if (failure) throw failure.error
    if (isBusy) throw new TypeError('iterate the data of a push to its end before the next push or end')
  }

  /** Takes one step. A generator that has thrown would only say that it is done, so its error is kept. */
  function step(bytes: Uint8Array): number | Uint8Array {
    if (isClosed) throw new TypeError('the decoder is closed')
    isRunning = true
    try {
      return walk.next(bytes).value
    } catch (error) {
      failure = { error }
      throw error
    } finally {
      isRunning = false
    }
  }

  /** Resumes the walk with the bytes that it wanted, to where it wants more. */
  function* resume(bytes: Uint8Array): Generator<Uint8Array, void, void> {
    let next = step(bytes)
    for (; typeof next !== 'number'; next = step(NOTHING)) yield next
    wanted = next
  }

  function* take(piece: Uint8Array): Generator<Uint8Array, void, void> {
    if (!isBegun) yield* resume(NOTHING)
    isBegun = true
    for (let at = 0; ; ) {
      const part = piece.subarray(at, at + wanted - heldSize)
      at += part.length
      heldSize += part.length
      if (heldSize < wanted) {
        // The piece is its owner's again when this call is over.
        if (part.length > 0) held.push(new Uint8Array(part))
        isBusy = false
        return
      }
      const bytes = held.length === 0 ? part : concatBytes([...held, part])
      position += heldSize
      held = []
      heldSize = 0
      yield* resume(bytes)
    }
  }

  return {
    push(piece) {
      checkUsable()
      isBusy = true
      return take(piece)
    },
    checkUsable,
    skip(length) {
      position += length
    },
    get position() {
      return position
    },
    get held() {
      return heldSize
    },
    close() {
      isClosed = true
    },
    get isRunning() {
      return isRunning
    },
  }
}
