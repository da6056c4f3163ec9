/**
 * A ring of byte slots in shared memory, from one producer thread to the main thread.
 *
 * The producer fills slots and blocks while all are taken: that is the back-pressure, and the slots are all the memory
 * it ever uses, however much passes through. A slot belongs to the producer from `space` to `commit`, to the consumer
 * from there to `release`, and then to nobody; its word in the control memory says whether it is free.
 *
 * The producer always takes the first free slot, not the next one: while the consumer keeps up, the same few slots go
 * to and fro, and stay in the processor's cache.
 */

/** The memory of a ring; can be posted to another thread. */
export interface RingMemory {
  readonly bytes: SharedArrayBuffer
  readonly control: SharedArrayBuffer
  readonly slotSize: number
  readonly slots: number
}

// Control words: how many pieces the producer has committed (it alone writes that), how many the consumer has released,
// whether it has closed the ring; for each slot whether it is taken; and a queue of `slots` records, one a piece.
const COMMITTED = 0
const RELEASED = 1
const CLOSED = 2
const TAKEN = 3
const RECORD_WORDS = 3

/** Allocates a ring of `slots` slots of `slotSize` bytes. Memory that is never used costs nothing. */
export function createRing(slotSize: number, slots: number): RingMemory {
  const words = TAKEN + slots + RECORD_WORDS * slots
  return { bytes: new SharedArrayBuffer(slotSize * slots), control: new SharedArrayBuffer(4 * words), slotSize, slots }
}

/** The producer's side: it blocks its thread, so it never runs on the main thread. */
export interface RingProducer {
  /** A free slot to fill; waits for one. */
  space(): Uint8Array<SharedArrayBuffer>
  /** Hands over the first `length` bytes of that slot, with a number for the consumer to read. */
  commit(length: number, mark: number): void
}

/** A piece as the consumer holds it. */
export interface RingPiece {
  /** The whole slot that the piece is in; all of it is the consumer's until its release. */
  readonly slot: Uint8Array<SharedArrayBuffer>
  /** Bytes of the slot that the producer has filled. */
  readonly length: number
  readonly mark: number
  /** Gives the slot back. Pieces may be released in any order, each once. */
  release(): void
}

/** The consumer's side. */
export interface RingConsumer {
  /** The next piece in the order of their commits, `undefined` once the ring is closed and empty. */
  take(): Promise<RingPiece | undefined>
  /** Ends the ring: what is committed can still be taken. */
  close(): void
}

/** Milliseconds after which a wait is a long one. */
const LONG_WAIT = 1000

/** Opens a ring for the thread that fills it. `onLongWait` is called again and again while it blocks for long. */
export function openProducer(ring: RingMemory, onLongWait: () => void = () => {}): RingProducer {
  const control = new Int32Array(ring.control)
  let slot = 0
  const findFree = () => {
    for (let i = 0; i < ring.slots; i++) if (Atomics.load(control, TAKEN + i) === 0) return i
    return -1
  }
  return {
    space() {
      for (;;) {
        const released = Atomics.load(control, RELEASED)
        slot = findFree()
        if (slot >= 0) return slotBytes(ring, slot)
        if (Atomics.wait(control, RELEASED, released, LONG_WAIT) === 'timed-out') onLongWait()
      }
    },
    commit(length, mark) {
      const committed = control[COMMITTED]
      Atomics.store(control, TAKEN + slot, 1)
      control.set([slot, length, mark], recordAt(ring, committed))
      Atomics.store(control, COMMITTED, committed + 1)
      Atomics.notify(control, COMMITTED)
    },
  }
}

/** Opens a ring for the main thread. */
export function openConsumer(ring: RingMemory): RingConsumer {
  const control = new Int32Array(ring.control)
  let taken = 0
  const release = (slot: number) => {
    Atomics.store(control, TAKEN + slot, 0)
    Atomics.add(control, RELEASED, 1)
    Atomics.notify(control, RELEASED)
  }
  return {
    async take() {
      for (;;) {
        const committed = Atomics.load(control, COMMITTED)
        if (committed !== taken) break
        if (Atomics.load(control, CLOSED) === 1) return undefined
        const wait = Atomics.waitAsync(control, COMMITTED, committed)
        if (wait.async) await wait.value
      }
      const at = recordAt(ring, taken++)
      const [slot, length, mark] = control.subarray(at, at + RECORD_WORDS)
      return { slot: slotBytes(ring, slot), length, mark, release: () => release(slot) }
    },
    close() {
      Atomics.store(control, CLOSED, 1)
      Atomics.notify(control, COMMITTED)
    },
  }
}

/** A record's place is free again once it is read: pieces that are not taken hold a slot each, so there are never more. */
function recordAt(ring: RingMemory, piece: number): number {
  return TAKEN + ring.slots + RECORD_WORDS * (piece % ring.slots)
}

function slotBytes(ring: RingMemory, slot: number): Uint8Array<SharedArrayBuffer> {
  return new Uint8Array(ring.bytes, slot * ring.slotSize, ring.slotSize)
}
