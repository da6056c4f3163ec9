/**
 * Numbers that threads claim from shared memory, lowest first, each by one of them. It is how threads share a list of
 * jobs without a message for every job: a claim takes a microsecond, a message to the main thread and back some hundred.
 */

/** The memory of claims; can be posted to another thread. */
export interface ClaimsMemory {
  readonly control: SharedArrayBuffer
  readonly count: number
}

// Control words: the next number to claim, then for each number who claimed it, counted from 1.
const NEXT = 0
const OWNERS = 1
const NOBODY_EVER = -1

/** Offers the numbers from 0 to `count - 1`. */
export function createClaims(count: number): ClaimsMemory {
  return { control: new SharedArrayBuffer(4 * (OWNERS + count)), count }
}

/** Claims numbers for the thread that calls itself `owner`, until none is left. */
export function* claimNumbers({ control, count }: ClaimsMemory, owner: number): Generator<number> {
  const words = new Int32Array(control)
  for (;;) {
    const number = Atomics.add(words, NEXT, 1)
    if (number >= count || Atomics.compareExchange(words, OWNERS + number, 0, owner + 1) !== 0) return
    Atomics.notify(words, OWNERS + number)
    yield number
  }
}

/** The view of the main thread: which lane claimed which number. */
export interface Claims {
  /** Waits until somebody has claimed `number`; `undefined` if nobody ever will. */
  ownerOf(number: number): Promise<number | undefined>
  /** Ends claiming. */
  close(): void
}

/** Opens claims for the main thread. */
export function openClaims({ control, count }: ClaimsMemory): Claims {
  const words = new Int32Array(control)
  return {
    async ownerOf(number) {
      const wait = Atomics.waitAsync(words, OWNERS + number, 0)
      if (wait.async) await wait.value
      const owner = Atomics.load(words, OWNERS + number)
      return owner === NOBODY_EVER ? undefined : owner - 1
    },
    close() {
      for (let number = 0; number < count; number++) {
        Atomics.compareExchange(words, OWNERS + number, 0, NOBODY_EVER)
        Atomics.notify(words, OWNERS + number)
      }
    },
  }
}
