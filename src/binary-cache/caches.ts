import type { Access, NarFile } from '../nar-file/index.ts'
import type { ContentCheck, NarHash, NarInfo, StorePath } from '../nix/index.ts'
import { type BinaryCache, openCache } from './cache.ts'
import { CacheError, type CacheErrorCode } from './errors.ts'
import type { CacheLocation } from './location.ts'
import { createJudge, type Trust } from './trust.ts'

/** A cache's record of a store path, trusted. */
export interface CachedPath {
  readonly info: NarInfo & NarFile
  /** Bytes of its narinfo. */
  readonly size: number
  /** The content address that its contents must have, besides the NAR hash. */
  readonly contentCheck?: ContentCheck
}

/** Several binary caches, asked in the order of their priorities. */
export interface Caches {
  /** URLs in the order in which they are asked, of those that can be used. */
  readonly urls: readonly string[]
  /** The faults of the others. */
  readonly unusable: readonly CacheError[]
  /**
   * The record of a store path by the first cache that has a trusted one, whose NAR hash is not among the `refused`. Throws
   * the `CacheError` of the first cache whose record cannot be used, which names the other such caches; PATH_NOT_CACHED or
   * CACHE_UNREADABLE if there is none.
   */
  find(path: StorePath, refused?: ReadonlyMap<NarHash, unknown>): Promise<CachedPath>
}

/**
 * Opens caches. Those that cannot be used do without, as long as the others have what is wanted. One that fails for a
 * reason that may pass is waited for only once no other has what is wanted. Where none can be used, throws the `CacheError`
 * of the first, CACHE_INVALID or CACHE_UNREADABLE, which names them all; `NixError` for a key.
 */
export async function openCaches(
  access: Access,
  given: readonly CacheLocation[],
  trust: Trust,
  storeDir: string,
): Promise<Caches> {
  // One that was given twice would be asked twice, and be named twice where it fails.
  const locations = given.filter(({ url }, i) => given.findIndex(other => other.url === url) === i)
  const judge = createJudge(trust)
  const unusable = new Map<CacheLocation, CacheError>()
  const open = async (location: CacheLocation, insist: boolean) => {
    try {
      const cache = await openCache(access, location, storeDir, insist)
      unusable.delete(location)
      return [cache]
    } catch (error) {
      if (!(error instanceof CacheError)) throw error
      unusable.set(location, error)
      return []
    }
  }
  const openAll = async (some: readonly CacheLocation[], insist: boolean) =>
    (await Promise.all(some.map(location => open(location, insist)))).flat()
  /** In the order given. */
  const faults = () => locations.flatMap(location => unusable.get(location) ?? [])
  const waiting = () => locations.filter(location => unusable.get(location)?.transient)

  const isOnly = locations.length === 1
  let caches = await openAll(locations, isOnly)
  if (caches.length === 0 && !isOnly) caches = await openAll(waiting(), true)
  if (caches.length === 0 && locations.length > 0) throw together(faults(), 'nor can the others be used')
  // Sorting keeps the order given. WantMassQuery says nothing of the order (nix: src/libstore/store-api.cc).
  const ordered = caches.toSorted((a, b) => a.priority - b.priority)

  let reopening: Promise<void> | undefined
  /** Puts the caches that can be used by now behind the others. */
  const reopen = () => {
    reopening ??= openAll(waiting(), true)
      .then(opened => void ordered.push(...opened))
      .finally(() => {
        reopening = undefined
      })
    return reopening
  }

  return {
    get urls() {
      return ordered.map(cache => cache.url)
    },
    get unusable() {
      return faults()
    },
    async find(path, refused) {
      const failed = new Map<BinaryCache, CacheError>()
      const insisted = new Set<BinaryCache>()
      const ask = async (cache: BinaryCache, insist: boolean) => {
        if (insist) insisted.add(cache)
        try {
          const found = await findIn(cache, path, { insist, judge })
          failed.delete(cache)
          return found && !refused?.has(found.info.narHash) ? found : undefined
        } catch (error) {
          if (!(error instanceof CacheError)) throw error
          failed.set(cache, error)
          return undefined
        }
      }
      let asked = 0
      for (; asked < ordered.length; asked++) {
        const isLast = asked === ordered.length - 1 && failed.size === 0 && waiting().length === 0
        const found = await ask(ordered[asked], isLast)
        if (found) return found
      }
      for (const [cache, { transient }] of [...failed]) {
        const found = transient && !insisted.has(cache) ? await ask(cache, true) : undefined
        if (found) return found
      }
      if (waiting().length > 0) await reopen()
      for (; asked < ordered.length; asked++) {
        const found = await ask(ordered[asked], true)
        if (found) return found
      }
      throw failed.size > 0
        ? together([...failed.values()], 'no other place has it')
        : notCached(path, ordered, faults())
    },
  }
}

/** A store path in one cache. Throws `CacheError` PATH_UNTRUSTED, among others. */
async function findIn(
  cache: BinaryCache,
  path: StorePath,
  { insist, judge }: { readonly insist: boolean; readonly judge: ReturnType<typeof createJudge> },
): Promise<CachedPath | undefined> {
  const read = await cache.narInfo(path, insist)
  if (!read) return undefined
  const verdict = judge(read.info)
  if (verdict.trusted) return { ...read, contentCheck: verdict.contentCheck }
  const message =
    `${path.path}: ${cache.url}: cannot be trusted: ${verdict.why}; give the public key that signs for that cache ` +
    '(--trusted-public-key), or do without if you trust the cache itself (--no-require-signatures)'
  throw new CacheError('PATH_UNTRUSTED', cache.url, path.path, message)
}

/** One error that names the faults of several caches. */
function together(faults: readonly CacheError[], transition: string): CacheError {
  const [first, ...others] = faults
  if (others.length === 0) return first
  const message = [`${first.message}; ${transition}:`, ...others.map(({ url, reason }) => `  ${url}: ${reason}`)]
  return new CacheError(first.code as CacheErrorCode, first.url, first.path, message, { cause: first })
}

function notCached({ path }: StorePath, caches: readonly BinaryCache[], [unusable]: readonly CacheError[]): CacheError {
  const urls = caches.map(cache => cache.url).join(', ')
  if (unusable) {
    const [why, ...more] = unusable.message.split('\n')
    const message = [`${path}: not in ${urls}, and another cache cannot be asked: ${why}`, ...more]
    return new CacheError('CACHE_UNREADABLE', unusable.url, path, message, { cause: unusable })
  }
  const message = `${path}: not in ${urls}; give a cache that has it, or build it and copy it there`
  return new CacheError('PATH_NOT_CACHED', caches[0].url, path, message)
}
