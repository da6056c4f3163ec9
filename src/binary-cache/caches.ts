import type { Access } from '../nar-file/index.ts'
import type { ContentCheck, NarInfo, StorePath } from '../nix/index.ts'
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

/** Several binary caches, asked in the order of their priorities. */
export interface Caches {
  /** URLs in the order in which they are asked, of those that can be reached. */
  readonly urls: readonly string[]
  /**
   * The store path as the first cache has it that has it and is believed. Throws the `CacheError` of the first that has
   * it, or PATH_NOT_CACHED.
   */
  find(path: StorePath): Promise<CachedPath>
  /** The store path as each of the caches has it, in their order. Throws like {@link find} where none has. */
  candidates(path: StorePath): AsyncGenerator<CachedPath>
}

/**
 * Opens caches. Those that cannot be reached do without, as long as the others have what is wanted. A cache that fails for
 * a reason that may pass is waited for only once no other has what is wanted. Throws `CacheError` CACHE_INVALID, and
 * CACHE_UNREADABLE where none can be reached; `NixError` for a key.
 */
export async function openCaches(
  access: Access,
  locations: readonly CacheLocation[],
  trust: Trust,
  storeDir: string,
): Promise<Caches> {
  const judge = createJudge(trust)
  const unreachable = new Map<CacheLocation, CacheError>()
  const open = (location: CacheLocation, insist: boolean) =>
    openCache(access, location, storeDir, insist).catch((error: unknown) => {
      if (!(error instanceof CacheError) || error.code !== 'CACHE_UNREADABLE') throw error
      unreachable.set(location, error)
    })
  const openAll = async (all: readonly CacheLocation[], insist: boolean) =>
    (await Promise.all(all.map(location => open(location, insist)))).filter(cache => cache !== undefined)
  /** Unreachable caches that may be there another time, in the order given. */
  const waiting = () => locations.filter(location => unreachable.get(location)?.transient)

  let caches = await openAll(locations, locations.length === 1)
  if (caches.length === 0) caches = await openAll(waiting(), true)
  if (caches.length === 0 && unreachable.size > 0) throw unreachable.get(locations.find(at => unreachable.has(at))!)
  // Sorting keeps the order given. WantMassQuery says nothing of the order (nix: src/libstore/store-api.cc).
  const ordered = caches.toSorted((a, b) => a.priority - b.priority)

  /** Adds the caches behind the others that can be reached by now. */
  const reopen = async () => {
    for (const cache of await openAll(waiting(), true)) {
      unreachable.delete(locations.find(({ url }) => url === cache.url)!)
      ordered.push(cache)
    }
  }
  let reopening: Promise<void> | undefined

  const take = async (cache: BinaryCache, path: StorePath, insist: boolean): Promise<CachedPath | undefined> => {
    const info = await cache.narInfo(path, insist)
    if (!info) return undefined
    const verdict = judge(info)
    if (verdict.trusted) return { info, contentCheck: verdict.contentCheck }
    const message =
      `${path.path}: ${cache.url}: cannot be trusted: ${verdict.why}; give the public key of who signs for that cache ` +
      '(--trusted-public-key), or do without if you trust the cache itself (--no-require-signatures)'
    throw new CacheError('PATH_UNTRUSTED', cache.url, path.path, message)
  }

  async function* candidates(path: StorePath): AsyncGenerator<CachedPath> {
    const faults = new Map<BinaryCache, CacheError>()
    let count = 0
    const ask = async (cache: BinaryCache, insist: boolean): Promise<CachedPath | undefined> => {
      faults.delete(cache)
      const found = await take(cache, path, insist).catch((error: unknown) => {
        if (!(error instanceof CacheError)) throw error
        faults.set(cache, error)
      })
      if (found) count++
      return found ?? undefined
    }
    let asked = 0
    for (; asked < ordered.length; asked++) {
      const isLast = count === 0 && asked === ordered.length - 1 && waiting().length === 0
      const found = await ask(ordered[asked], isLast)
      if (found) yield found
    }
    if (count > 0) return
    for (const [cache, { transient }] of [...faults]) {
      const found = transient ? await ask(cache, true) : undefined
      if (found) yield found
    }
    if (count > 0) return
    if (waiting().length > 0) {
      reopening ??= reopen().finally(() => {
        reopening = undefined
      })
      await reopening
    }
    for (; asked < ordered.length; asked++) {
      const found = await ask(ordered[asked], true)
      if (found) yield found
    }
    if (count > 0) return
    const [fault] = faults.values()
    throw fault ?? notCached(path, ordered, [...unreachable.values()])
  }
  return {
    get urls() {
      return ordered.map(cache => cache.url)
    },
    candidates,
    async find(path) {
      for await (const found of candidates(path)) return found
      throw new Error('unreachable: candidates throws where there is none')
    },
  }
}

function notCached(
  { path }: StorePath,
  caches: readonly BinaryCache[],
  [unreachable]: readonly CacheError[],
): CacheError {
  const urls = caches.map(cache => cache.url).join(', ')
  if (unreachable) {
    const message = `${path}: not in ${urls}, and another cache cannot be asked: ${unreachable.message}`
    return new CacheError('CACHE_UNREADABLE', unreachable.url, path, message, { cause: unreachable })
  }
  const message = `${path}: not in ${urls}; give a cache that has it, or build it and copy it there`
  return new CacheError('PATH_NOT_CACHED', caches[0].url, path, message)
}
