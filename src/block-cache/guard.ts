import { abortable } from '../abortable.ts'
import { type BlockCache, declareComparing, isComparing } from './cache.ts'

/** Faults of a cache that is guarded. Each is told once. */
export interface CacheObserver {
  /** A call threw, rejected, or gave what it must not: the cache is asked no more, has nothing and keeps nothing. */
  onFault(fault: string): void
  /** It could not keep something: it is asked to keep nothing more. */
  onRefusal?(reason: string): void
}

/**
 * A cache that a build can rely on, whatever code is behind it: what is wrong with it goes to `observer`. A call that does not
 * settle is waited for until `signal` is aborted; then it rejects with the signal's reason.
 */
export function guardCache(cache: BlockCache, signal: AbortSignal, observer: CacheObserver): BlockCache {
  let isFaulty = false
  let isRefusing = false

  // Many calls may be under way at a time.
  function fault(what: string): undefined {
    if (!isFaulty) observer.onFault(what)
    isFaulty = true
  }

  function refusal(reason: string): false {
    if (!isRefusing) observer.onRefusal?.(reason)
    isRefusing = true
    return false
  }

  async function attempt(call: () => Promise<unknown>, failed: (reason: string) => unknown): Promise<unknown> {
    try {
      return await abortable(call, signal)
    } catch (error) {
      signal.throwIfAborted()
      return failed(error instanceof Error ? error.message : describe(error))
    }
  }

  const guarded: BlockCache = {
    async get(key, room) {
      if (isFaulty) return undefined
      const bytes = await attempt(
        () => cache.get(key, room),
        reason => fault(`get failed: ${reason}`),
      )
      if (bytes === undefined || bytes instanceof Uint8Array) return bytes
      return fault(`get gave ${describe(bytes)}, not a Uint8Array or undefined`)
    },
    async put(key, bytes) {
      if (isFaulty || isRefusing) return false
      const kept = await attempt(() => cache.put(key, bytes), refusal)
      if (typeof kept === 'boolean') return kept
      fault(`put gave ${describe(kept)}, not true or false`)
      return false
    },
  }
  if (isComparing(cache)) declareComparing(guarded)
  return guarded
}

/** A value of which nothing is known but that it is wrong. */
function describe(value: unknown): string {
  return typeof value === 'object' && value !== null ? 'an object' : (JSON.stringify(value) ?? `${typeof value}`)
}
