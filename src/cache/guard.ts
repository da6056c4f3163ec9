import { abortable } from '../abortable.ts'
import type { BlockCache } from './cache.ts'

/**
 * A cache as a build may rely on it, whoever wrote it: one that throws has nothing and keeps nothing, and one that does not
 * answer is waited for until `signal` is aborted; then it rejects with the signal's reason.
 */
export function guardCache(cache: BlockCache, signal: AbortSignal): BlockCache {
  return {
    get: key => attempt(() => cache.get(key), undefined, signal),
    put: (key, bytes) => attempt(() => cache.put(key, bytes), false, signal),
  }
}

async function attempt<T>(call: () => Promise<T>, otherwise: T, signal: AbortSignal): Promise<T> {
  try {
    return await abortable(call, signal)
  } catch {
    signal.throwIfAborted()
    return otherwise
  }
}
