import {
  type CachedPath,
  CacheError,
  openCaches,
  parseCacheUrl,
  type Trust,
  walkClosure,
} from '../binary-cache/index.ts'
import { type AccessOptions, createAccess, NarFileError, nowhere } from '../nar-file/index.ts'
import type { NarHash, StorePath } from '../nix/index.ts'
import { createThrottle, inheritThrottle } from '../throttle/index.ts'
import type { Warning } from '../warning.ts'
import type { Closure } from './closure.ts'
import { narClosure } from './nar-closure.ts'

/** Binary caches and how to use them. */
export interface CacheOptions {
  readonly urls: readonly string[]
  readonly trust: Trust
  readonly access: AccessOptions
}

/** Known store paths, before caches are asked for them. */
interface Knowledge {
  readonly found: Map<string, CachedPath>
  /** Builds of store paths that no cache gives, though some say that they have them; and what was wrong. */
  readonly refused: Map<string, Map<NarHash, NarFileError>>
}

/** The closure of `roots` by the records of binary caches. Throws `CacheError`, `NixError`, `StoreError`. */
export async function cachedClosure(
  storeDir: string,
  roots: readonly StorePath[],
  options: CacheOptions,
  signal?: AbortSignal,
  { found, refused }: Knowledge = { found: new Map(), refused: new Map() },
): Promise<Closure> {
  const locations = options.urls.map(parseCacheUrl)
  const logins = locations.flatMap(({ login }) => login ?? [])
  // Shared by all threads that will ask these caches.
  const shared = { throttle: createThrottle(), ...options.access, logins }
  const access = createAccess(shared, signal)
  try {
    const caches = await openCaches(access, locations, options.trust, storeDir)
    const find = async (path: StorePath) => {
      const known = found.get(path.path) ?? (await caches.find(path, refused.get(path.path)))
      found.set(path.path, known)
      return known
    }
    const packed = (await walkClosure(find, roots)).map(({ info, contentCheck }) => ({
      info,
      file: info,
      contentCheck,
    }))
    const closure = narClosure(storeDir, packed, { access: shared, cacheUrls: caches.urls }, signal)
    const warnings = warningsOf(caches.unusable, refused)
    if (caches.urls.length < 2) return { ...closure, warnings }
    return {
      ...closure,
      warnings,
      async otherBuild(fault) {
        const failed = found.get(fault.path)
        if (!failed) throw fault
        const faults = refused.get(fault.path) ?? new Map<NarHash, NarFileError>()
        refused.set(fault.path, faults.set(failed.info.narHash, fault))
        found.delete(fault.path)
        try {
          // The threads that asked for the failed build are terminated.
          const throttle = inheritThrottle(shared.throttle)
          const access = { ...shared, throttle }
          return await cachedClosure(storeDir, roots, { ...options, access }, signal, { found, refused })
        } catch (error) {
          if (!(error instanceof CacheError) || error.path !== fault.path) throw error
          throw nowhere([...faults.values(), ...untold(error)])
        }
      },
    }
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    await access.close()
  }
}

function warningsOf(unusable: readonly CacheError[], refused: Knowledge['refused']): Warning[] {
  const builds = [...refused.values()].flatMap(faults => [...faults.values()])
  return [
    ...unusable.map(({ url, message }): Warning => {
      return { code: 'CACHE_UNUSABLE', path: url, message: `${message}; this cache is not used` }
    }),
    ...builds.map(({ path, message }): Warning => {
      return { code: 'OTHER_BUILD_USED', path, message: `${message}; another build of it is used` }
    }),
  ]
}

/** The fault of another build in a cache, as one more reason why a store path is missing. */
function untold({ code, path, url, reason, cause }: CacheError): NarFileError[] {
  return code === 'PATH_NOT_CACHED' ? [] : [new NarFileError('NAR_FILE_MISSING', path!, url, reason, { cause })]
}
