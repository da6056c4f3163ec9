import { setTimeout as wait } from 'node:timers/promises'

/** Milliseconds between two tries, and after which there are no more, whatever the machine. */
const PAUSE = 100
const GIVES_UP_AFTER = 300_000

/** Tries until it does not reject, and returns what came of that. Rejects after five minutes, with the last reason. */
export async function until<T>(what: string, attempt: () => Promise<T>): Promise<T> {
  const end = performance.now() + GIVES_UP_AFTER
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (performance.now() > end) {
        throw new Error(`${what}: not in ${GIVES_UP_AFTER / 1000} seconds; last: ${error}`, { cause: error })
      }
    }
    await wait(PAUSE)
  }
}
