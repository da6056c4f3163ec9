import { setTimeout as wait } from 'node:timers/promises'

/** Milliseconds between two questions, and after which there will be no answer, whatever the machine. */
const PAUSE = 100
const GIVES_UP_AFTER = 120_000

/**
 * Asks until there is an answer, and returns it. `undefined` is none yet, nor is a rejection; after two minutes of those it
 * rejects, with the last reason.
 */
export async function until<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const end = performance.now() + GIVES_UP_AFTER
  let reason: unknown
  do {
    try {
      const answer = await ask()
      if (answer !== undefined) return answer
    } catch (error) {
      reason = error
    }
    await wait(PAUSE)
  } while (performance.now() < end)
  throw new Error(`${what}: not in ${GIVES_UP_AFTER / 1000} seconds; last: ${reason}`, { cause: reason })
}
