import { inParallel } from '../in-parallel.ts'
import type { StorePath } from '../nix/index.ts'
import type { CachedPath } from './caches.ts'
import { CacheError } from './errors.ts'

/** Narinfos asked for at a time: over a network most of the time is waiting. */
const ASKED_AT_A_TIME = 64

/** How large a closure may be. */
export interface ClosureLimits {
  /** Store paths in it, or named by one in it. */
  readonly paths: number
  /** Bytes of all narinfos. */
  readonly bytes: number
}

/**
 * A trusted cache could name another store path in each narinfo for ever. The largest systems
 * have some 100,000 store paths, and 1.5 kB of narinfo for each.
 */
const LIMITS: ClosureLimits = { paths: 1_000_000, bytes: 1024 ** 3 }

/**
 * Finds the closure of `roots`, each store path by the references of those found before. Throws what `find` throws, and
 * `CacheError` CLOSURE_TOO_LARGE.
 */
export async function walkClosure(
  find: (path: StorePath) => Promise<CachedPath>,
  roots: readonly StorePath[],
  limits = LIMITS,
): Promise<CachedPath[]> {
  const seen = new Set<string>()
  const found: CachedPath[] = []
  const queue: StorePath[] = []
  let bytes = 0
  const enqueue = (path: StorePath) => {
    if (seen.has(path.path)) return
    seen.add(path.path)
    queue.push(path)
  }
  const take = (path: CachedPath) => {
    found.push(path)
    bytes += path.size
    path.info.references.forEach(enqueue)
    if (seen.size > limits.paths) throw tooLarge(roots, path, `more than ${limits.paths} store paths`)
    if (bytes > limits.bytes) throw tooLarge(roots, path, `narinfos of more than ${limits.bytes} bytes`)
  }
  roots.forEach(enqueue)
  // A failure is told at once: other caches may let their requests wait.
  await new Promise<void>((resolve, reject) => {
    const ask = async (path: StorePath) => {
      try {
        take(await find(path))
      } catch (error) {
        reject(error)
        throw error
      }
    }
    inParallel(queue, ASKED_AT_A_TIME, ask).then(resolve, reject)
  })
  return found
}

function tooLarge(roots: readonly StorePath[], { info }: CachedPath, what: string): CacheError {
  const closure = `the closure of ${roots[0].path}${roots.length > 1 ? ` and ${roots.length - 1} more` : ''}`
  const message =
    `${info.path.path}: ${closure} has ${what}, as ${new URL(info.url).host || 'its cache'} tells it, ` +
    'which no system has; use another cache'
  return new CacheError('CLOSURE_TOO_LARGE', info.url, info.path.path, message)
}
