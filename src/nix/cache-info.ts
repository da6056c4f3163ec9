/**
 * The file `nix-cache-info` of a binary cache (nix: src/libstore/binary-cache-store.cc, BinaryCacheStore::init).
 *
 *     cache-info = { NAME ":" VALUE nl }
 *
 * White space around VALUE, lines without a colon and names not known are passed over; of a name given twice the last
 * counts. A priority is read as far as it is a number, as Nix does with `std::stoi`; one that does not begin with a number
 * counts as absent, where Nix 2.8 to 2.34 refuse the cache.
 */
/** The description that a binary cache gives of itself. */
export interface CacheInfo {
  /** The folder of the store whose paths it has, as written. Absent where it does not say. */
  readonly storeDir?: string
  /** Caches with a lower number are asked first. */
  readonly priority: number
  /** Whether it likes to be asked for many paths at once. */
  readonly wantMassQuery: boolean
}

/** Parses a nix-cache-info. */
export function parseCacheInfo(text: string): CacheInfo {
  let storeDir: string | undefined
  let priority = DEFAULT_PRIORITY
  let wantMassQuery = false
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    if (colon < 0) continue
    const name = line.slice(0, colon)
    const value = line.slice(colon + 1).trim()
    if (name === 'StoreDir') storeDir = value
    else if (name === 'WantMassQuery') wantMassQuery = value === '1'
    else if (name === 'Priority') priority = parsePriority(value)
  }
  return { ...(storeDir !== undefined && { storeDir }), priority, wantMassQuery }
}

function parsePriority(value: string): number {
  const number = Number(/^[+-]?[0-9]+/.exec(value)?.[0])
  return number === (number | 0) ? number : DEFAULT_PRIORITY
}

/**
 * For a cache that does not say: it comes before cache.nixos.org with its 40. As Nix has it from 2.4 on, where the file
 * changes the default of a setting (nix: src/libstore/include/nix/store/store-api.hh, StoreConfig::priority); it was 50.
 */
const DEFAULT_PRIORITY = 0
