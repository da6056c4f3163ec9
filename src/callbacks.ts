/**
 * Calls the callbacks of a caller, which may be async functions. A callback that throws in a timer or an event, or whose promise
 * rejects, would end the process: its error fails the operation instead.
 */

/** The callbacks of one operation. */
export interface Callbacks {
  /** Wraps a callback. The wrapper never throws: an error of the callback goes to `fail`. */
  guard<Args extends unknown[]>(callback: (...args: Args) => unknown): (...args: Args) => void
  /** Resolves once no promise that a callback has returned is pending. Call it before the operation ends. */
  settled(): Promise<void>
}

/** `fail` gets what a callback throws or its promise rejects with, once for each call that fails. It must not throw. */
export function createCallbacks(fail: (error: unknown) => void): Callbacks {
  const pending = new Set<Promise<void>>()

  function track(result: PromiseLike<unknown>): void {
    const promise: Promise<void> = Promise.resolve(result)
      .then(() => {}, fail)
      .finally(() => pending.delete(promise))
    pending.add(promise)
  }

  return {
    guard(callback) {
      return (...args) => {
        try {
          const result = callback(...args)
          if (isThenable(result)) track(result)
        } catch (error) {
          fail(error)
        }
      }
    },
    async settled() {
      // A callback may be called while others are waited for.
      while (pending.size > 0) await Promise.all(pending)
    },
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
