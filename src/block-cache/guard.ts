import { abortable } from '../abortable.ts'
import { type BlockCache, declareComparing, isComparing } from './cache.ts'

/**
 * A cache that a build can rely on, whatever code is behind it. Once a call throws, rejects, or gives what it must not, `onFault`
 * gets the reason, and the cache is asked no more: it has nothing and keeps nothing. A call that does not settle is
 * waited for until `signal` is aborted; then it rejects with the signal's reason.
 */
export function guardCache(cache: BlockCache, signal: AbortSignal, onFault: (fault: string) => void): BlockCache {
  let isFaulty = false
  const report = (fault: string) => {
    // Many calls may be under way at a time.
    if (!isFaulty) onFault(fault)
    isFaulty = true
  }

  async function attempt<T>(
    name: string,
    call: () => Promise<T>,
    otherwise: T,
    problemOf: (result: unknown) => string,
  ) {
    if (isFaulty) return otherwise
    try {
      const result = await abortable(call, signal)
      const problem = problemOf(result)
      if (problem === '') return result
      report(`${name} gave ${describe(result)}, not ${problem}`)
    } catch (error) {
      signal.throwIfAborted()
      report(`${name} failed: ${error instanceof Error ? error.message : describe(error)}`)
    }
    return otherwise
  }

  const guarded: BlockCache = {
    get: (key, room) =>
      attempt<Uint8Array | undefined>(
        'get',
        () => cache.get(key, room),
        undefined,
        result => (result === undefined || result instanceof Uint8Array ? '' : 'a Uint8Array or undefined'),
      ),
    put: (key, bytes) =>
      attempt(
        'put',
        () => cache.put(key, bytes),
        false,
        result => (typeof result === 'boolean' ? '' : 'true or false'),
      ),
  }
  if (isComparing(cache)) declareComparing(guarded)
  return guarded
}

/** A value of which nothing is known but that it is wrong. */
function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object' : (JSON.stringify(value) ?? `${typeof value}`)
}
