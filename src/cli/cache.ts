import type { Command } from 'commander'
import { CACHE_SIZE_MAX, clearCache, defaultCacheFolder, pruneCache, readCacheStats } from '../index.ts'
import { print } from './print.ts'
import { formatBytes } from './units.ts'
import { byteCount, somePath } from './usage.ts'

/** Adds what can be done with a block cache to the command `cache`. */
export function addCacheCommands(cache: Command): void {
  const add = (name: string, description: string) =>
    cache
      .command(name)
      .description(description)
      .option('--cache-dir <DIR>', 'the cache (default: nspawn-rootfs in $XDG_CACHE_HOME or ~/.cache)', somePath)
  add('stats', 'Say how much is kept.').action(async ({ cacheDir = defaultCacheFolder() }: CacheFlags) => {
    const { size, batches, blocks } = await readCacheStats(cacheDir)
    print(`${cacheDir}: ${formatBytes(size)} in ${blocks} blocks, for ${batches} store paths or groups of small ones`)
  })
  add('prune', 'Remove what was not used for longest.')
    .option('--max-size <SIZE>', `what may be left (default: ${formatBytes(CACHE_SIZE_MAX)})`, byteCount)
    .action(async ({ cacheDir = defaultCacheFolder(), maxSize = CACHE_SIZE_MAX }: PruneFlags) => {
      const removed = await pruneCache(cacheDir, maxSize)
      const { size } = await readCacheStats(cacheDir)
      print(`${cacheDir}: ${formatBytes(removed)} removed, ${formatBytes(size)} left`)
    })
  add('clear', 'Remove all that is kept.').action(async ({ cacheDir = defaultCacheFolder() }: CacheFlags) => {
    await clearCache(cacheDir)
    print(`${cacheDir}: empty`)
  })
}

interface CacheFlags {
  cacheDir?: string
}

interface PruneFlags extends CacheFlags {
  maxSize?: number
}
