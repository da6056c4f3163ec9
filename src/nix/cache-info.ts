/**
 * The file `nix-cache-info` of a binary cache (nix: src/libstore/binary-cache-store.cc, BinaryCacheStore::init).
 *
 *     cache-info = { NAME ":" VALUE nl }
 *
 * White space around VALUE, lines without a colon and names not known are passed over; of a name given twice the last
 * counts.
 */
import { NixError, quote } from './errors.ts'

/** What a binary cache says of itself. */
export interface CacheInfo {
  /** The folder of the store whose paths it has, as written. Absent where it does not say. */
  readonly storeDir?: string
  /** Caches with a lower number are asked first. */
  readonly priority: number
  /** Whether it likes to be asked for many paths at once. */
  readonly wantMassQuery: boolean
}

/** Parses a nix-cache-info. Throws `NixError` CACHE_INFO_INVALID, with the line, for a priority that is no integer. */
export function parseCacheInfo(text: string): CacheInfo {
  let storeDir: string | undefined
  let priority = DEFAULT_PRIORITY
  let wantMassQuery = false
  for (const [i, line] of text.split('\n').entries()) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    const name = line.slice(0, colon)
    const value = line.slice(colon + 1).trim()
    if (name === 'StoreDir') storeDir = value
    else if (name === 'WantMassQuery') wantMassQuery = value === '1'
    else if (name === 'Priority') {
      if (!/^[+-]?[0-9]{1,10}$/.test(value)) {
        const message = `nix-cache-info line ${i + 1}: Priority is an integer, not ${quote(value)}`
        throw new NixError('CACHE_INFO_INVALID', message, { line: i + 1, input: value })
      }
      priority = Number(value)
    }
  }
  return { ...(storeDir !== undefined && { storeDir }), priority, wantMassQuery }
}

/**
 * For a cache that does not say: it comes before cache.nixos.org with its 40. As Nix has it from 2.4 on, where the file
 * changes the default of a setting (nix: src/libstore/include/nix/store/store-api.hh, StoreConfig::priority); it was 50.
 */
const DEFAULT_PRIORITY = 0
