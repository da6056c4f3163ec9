/**
 * A ring of byte slots in shared memory, from one producer thread to the main thread.
 *
 * The producer fills slots in order and blocks while all are taken: that is the back-pressure, and the slots are all
 * the memory a producer ever uses, however much passes through. A slot belongs to the producer from `space` to
 * `commit`, and to the consumer from `take` to `release`; the counters below say which, so no slot has two owners.
 */

/** What a ring is made of; can be posted to another thread. */
export interface RingMemory {
  readonly bytes: SharedArrayBuffer
  readonly control: SharedArrayBuffer
  readonly slotSize: number
  readonly slots: number
}

// Control words. The producer alone writes COMMITTED, the consumer alone RELEASED and CLOSED; the first two count slots
// from the beginning (2^31 slots of a mebibyte are more than any image). Behind them stand two words a slot: the length
// of its contents, and the producer's mark.
const COMMITTED = 0
const RELEASED = 1
const CLOSED = 2
const SLOTS = 3

/** Allocates a ring of `slots` slots of `slotSize` bytes. */
export function createRing(slotSize: number, slots: number): RingMemory {
  const control = new SharedArrayBuffer(4 * (SLOTS + 2 * slots))
  return { bytes: new SharedArrayBuffer(slotSize * slots), control, slotSize, slots }
}

/** The producer's side: blocks its thread, so it never runs on the main thread. */
export interface RingProducer {
  /** The next slot to fill; waits until one is free. */
  space(): Uint8Array<SharedArrayBuffer>
  /** Hands over the first `length` bytes of the slot, with a non-negative number for the consumer to read. */
  commit(length: number, mark: number): void
}

/** A slot as the consumer holds it. */
export interface RingPiece {
  readonly bytes: Uint8Array<SharedArrayBuffer>
  readonly mark: number
}

/** The consumer's side. */
export interface RingConsumer {
  /** The next slot in order, `undefined` once the ring is closed and empty. */
  take(): Promise<RingPiece | undefined>
  /** Gives the oldest taken slot back to the producer. */
  release(): void
  /** Ends the ring: what is committed can still be taken. */
  close(): void
}

/** Opens a ring for the thread that fills it. */
export function openProducer(ring: RingMemory): RingProducer {
  const control = new Int32Array(ring.control)
  return {
    space() {
      const committed = control[COMMITTED]!
      for (;;) {
        const released = Atomics.load(control, RELEASED)
        if (committed - released < ring.slots) break
        Atomics.wait(control, RELEASED, released)
      }
      return slotBytes(ring, committed, ring.slotSize)
    },
    commit(length, mark) {
      const committed = control[COMMITTED]!
      const slot = slotIndex(ring, committed)
      control[SLOTS + 2 * slot] = length
      control[SLOTS + 2 * slot + 1] = mark
      Atomics.store(control, COMMITTED, committed + 1)
      Atomics.notify(control, COMMITTED)
    },
  }
}

/** Opens a ring for the main thread. */
export function openConsumer(ring: RingMemory): RingConsumer {
  const control = new Int32Array(ring.control)
  let taken = 0
  return {
    async take() {
      for (;;) {
        const committed = Atomics.load(control, COMMITTED)
        if (committed !== taken) break
        if (Atomics.load(control, CLOSED) === 1) return undefined
        const wait = Atomics.waitAsync(control, COMMITTED, committed)
        if (wait.async) await wait.value
      }
      const slot = slotIndex(ring, taken)
      const bytes = slotBytes(ring, taken, control[SLOTS + 2 * slot]!)
      taken++
      return { bytes, mark: control[SLOTS + 2 * slot + 1]! }
    },
    release() {
      Atomics.add(control, RELEASED, 1)
      Atomics.notify(control, RELEASED)
    },
    close() {
      Atomics.store(control, CLOSED, 1)
      Atomics.notify(control, COMMITTED)
    },
  }
}

function slotIndex(ring: RingMemory, count: number): number {
  return count % ring.slots
}

function slotBytes(ring: RingMemory, count: number, length: number): Uint8Array<SharedArrayBuffer> {
  return new Uint8Array(ring.bytes, slotIndex(ring, count) * ring.slotSize, length)
}
