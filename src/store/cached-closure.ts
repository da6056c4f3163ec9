import { openCaches, parseCacheUrl, type Trust, walkClosure } from '../binary-cache/index.ts'
import { type AccessOptions, createAccess } from '../nar-file/index.ts'
import type { StorePath } from '../nix/index.ts'
import { createThrottle } from '../throttle/index.ts'
import type { Closure } from './closure.ts'
import { narClosure } from './nar-closure.ts'

/** Binary caches and how to use them. */
export interface CacheOptions {
  readonly urls: readonly string[]
  readonly trust: Trust
  readonly access: AccessOptions
}

/** The closure of `roots` as binary caches have it. Throws `CacheError`, `NixError`, `StoreError`. */
export async function cachedClosure(
  storeDir: string,
  roots: readonly StorePath[],
  { urls, trust, access: options }: CacheOptions,
  signal?: AbortSignal,
): Promise<Closure> {
  const locations = urls.map(parseCacheUrl)
  const logins = locations.flatMap(({ login }) => login ?? [])
  // Shared by all threads that will ask these caches.
  const shared = { ...options, logins, throttle: createThrottle() }
  const access = createAccess(shared, signal)
  try {
    const caches = await openCaches(access, locations, trust, storeDir)
    const found = await walkClosure(caches, roots)
    const packed = found.map(({ info, contentCheck }) => ({ info, file: info, contentCheck }))
    return narClosure(storeDir, packed, { access: shared, cacheUrls: caches.urls }, signal)
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    await access.close()
  }
}
