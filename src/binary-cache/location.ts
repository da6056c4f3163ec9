import { unescape as decodePercent } from 'node:querystring'
import { describeUrl } from '../describe-url.ts'
import type { Login } from '../nar-file/index.ts'
import { CacheError } from './errors.ts'

/** Where a binary cache is. */
export interface CacheLocation {
  /** `file:`, `http:` or `https:`, ending in `/`; without user and password, so that it can be shown to anybody. */
  readonly url: string
  /** The user and password that the URL names. */
  readonly login: Login | undefined
  /** The priority in the URL; it overrides the one that the cache states. */
  readonly priority: number | undefined
}

/** The cache that everybody who uses Nix has, and its key (nix: src/libstore/include/nix/store/globals.hh). */
export const PUBLIC_CACHE = {
  url: 'https://cache.nixos.org',
  publicKey: 'cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=',
} as const

/**
 * Parses the URL of a cache, written as for Nix: settings follow the `?`. Only `priority` matters here; the
 * others are for uploads. Throws `CacheError` CACHE_INVALID.
 */
export function parseCacheUrl(text: string): CacheLocation {
  const url = URL.parse(text)
  const shown = describeUrl(text)
  if (!url || !['file:', 'http:', 'https:'].includes(url.protocol)) {
    const message = `${shown}: not the URL of a binary cache: give one that begins with https://, http:// or file:///`
    throw new CacheError('CACHE_INVALID', shown, undefined, message)
  }
  const given = url.searchParams.get('priority')
  if (given !== null && !/^-?\d{1,9}$/.test(given)) {
    throw new CacheError('CACHE_INVALID', shown, undefined, `${shown}: priority is a whole number, not "${given}"`)
  }
  const [user, password] = [decodePercent(url.username), decodePercent(url.password)]
  url.username = ''
  url.password = ''
  url.search = ''
  url.hash = ''
  if (!url.pathname.endsWith('/')) url.pathname += '/'
  const login = user === '' && password === '' ? undefined : { url: url.href, user, password }
  return { url: url.href, login, priority: given === null ? undefined : Number(given) }
}
