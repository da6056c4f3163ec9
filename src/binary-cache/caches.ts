import type { Access } from '../nar-file/index.ts'
import type { ContentCheck, NarHash, NarInfo, StorePath } from '../nix/index.ts'
import { type BinaryCache, openCache } from './cache.ts'
import { CacheError } from './errors.ts'
import type { CacheLocation } from './location.ts'
import { createJudge, type Trust } from './trust.ts'

/** A store path as a cache has it, believed. */
export interface CachedPath {
  readonly info: NarInfo
  /** What its contents have to hash to besides its NAR hash. */
  readonly contentCheck?: ContentCheck
}

/** What one of several caches says of a store path: that it has it, why that cannot be used, or neither. */
export interface Sighting {
  /** URL of the cache. */
  readonly cache: string
  readonly found?: CachedPath
  readonly fault?: CacheError
}

/** Several binary caches, asked in the order of their priorities. */
export interface Caches {
  /** URLs in the order in which they are asked, of those that can be used. */
  readonly urls: readonly string[]
  /** What is wrong with the others. */
  readonly unusable: readonly CacheError[]
  /** Asks one cache after another. */
  sightings(path: StorePath): AsyncGenerator<Sighting>
  /**
   * The store path as the first cache has it that has it and is believed, in a build whose NAR hash is not among
   * the `refused`.
   * Throws the `CacheError` of the first that has it, or PATH_NOT_CACHED.
   */
  find(path: StorePath, refused?: ReadonlyMap<NarHash, unknown>): Promise<CachedPath>
}

/**
 * Opens caches. Those that cannot be used do without, as long as the others have what is wanted. Throws the `CacheError`
 * of the first where none can be used, CACHE_INVALID or CACHE_UNREADABLE; `NixError` for a key.
 */
export async function openCaches(
  access: Access,
  locations: readonly CacheLocation[],
  trust: Trust,
  storeDir: string,
): Promise<Caches> {
  const judge = createJudge(trust)
  const open = async (location: CacheLocation) => {
    try {
      return await openCache(access, location, storeDir)
    } catch (error) {
      if (error instanceof CacheError) return error
      throw error
    }
  }
  const opened = await Promise.all(locations.map(open))
  const unusable = opened.filter(cache => cache instanceof CacheError)
  const caches = opened.flatMap(cache => (cache instanceof CacheError ? [] : [cache]))
  if (caches.length === 0 && unusable.length > 0) throw unusable[0]
  // Sorting keeps the order given. WantMassQuery says nothing of the order (nix: src/libstore/store-api.cc).
  const ordered = caches.toSorted((a, b) => a.priority - b.priority)
  const take = async (cache: BinaryCache, path: StorePath): Promise<CachedPath | undefined> => {
    const info = await cache.narInfo(path)
    if (!info) return undefined
    const verdict = judge(info)
    if (verdict.trusted) return { info, contentCheck: verdict.contentCheck }
    const message =
      `${path.path}: ${cache.url}: cannot be trusted: ${verdict.why}; give the public key of who signs for that cache ` +
      '(--trusted-public-key), or do without if you trust the cache itself (--no-require-signatures)'
    throw new CacheError('PATH_UNTRUSTED', cache.url, path.path, message)
  }
  async function* sightings(path: StorePath): AsyncGenerator<Sighting> {
    for (const cache of ordered) {
      try {
        yield { cache: cache.url, found: await take(cache, path) }
      } catch (fault) {
        if (!(fault instanceof CacheError)) throw fault
        yield { cache: cache.url, fault }
      }
    }
  }
  return {
    urls: ordered.map(cache => cache.url),
    unusable,
    sightings,
    async find(path, refused) {
      const faults: CacheError[] = []
      for await (const { found, fault } of sightings(path)) {
        if (found && !refused?.has(found.info.narHash)) return found
        if (fault) faults.push(fault)
      }
      throw faults.length > 0 ? nowhere(faults) : notCached(path, ordered, unusable)
    },
  }
}

/** The error about a store path that no cache has right, by what is wrong in each. */
function nowhere(faults: readonly CacheError[]): CacheError {
  const [first, ...others] = faults
  if (others.length === 0) return first
  const lines = others.map(({ url, reason }) => `\n  ${url}: ${reason}`)
  const message = `${first.message}; nor is it to be had elsewhere:${lines.join('')}`
  return new CacheError(first.code, first.url, first.path, message, { cause: first })
}

function notCached({ path }: StorePath, caches: readonly BinaryCache[], [unusable]: readonly CacheError[]): CacheError {
  const urls = caches.map(cache => cache.url).join(', ')
  if (unusable) {
    const message = `${path}: not in ${urls}, and another cache cannot be asked: ${unusable.message}`
    return new CacheError('CACHE_UNREADABLE', unusable.url, path, message, { cause: unusable })
  }
  const message = `${path}: not in ${urls}; give a cache that has it, or build it and copy it there`
  return new CacheError('PATH_NOT_CACHED', caches[0].url, path, message)
}
