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
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => reject(signal.reason)
  signal.throwIfAborted()
  signal.addEventListener('abort', abort)
  try {
    return await Promise.race([call(), aborted])
  } catch {
    signal.throwIfAborted()
    return otherwise
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
