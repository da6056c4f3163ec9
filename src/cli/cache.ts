import { type Command, Option } from 'commander'
import { CACHE_SIZE_MAX, type LocalBlockCache, openBlockCache } from '../index.ts'
import { formatBytes } from '../units.ts'
import { printJson, printLines } from './print.ts'
import { byteCount, somePath, UsageError } from './usage.ts'

/** Options that choose the block cache. */
export interface CacheFlags {
  /** False for none. */
  cache: boolean
  cacheDir?: string
  cacheShared?: true
  cacheVerify?: true
}

/** The cache that options name, `undefined` for the default one, and how it is used. Throws `UsageError`. */
export function cacheOptionsOf({ cache, cacheDir, cacheShared, cacheVerify }: CacheFlags): {
  cache: LocalBlockCache | false | undefined
  verifyCache: boolean | undefined
} {
  for (const [option, value] of Object.entries({ dir: cacheDir, shared: cacheShared, verify: cacheVerify })) {
    if (!cache && value !== undefined) throw new UsageError(`--cache-${option} and --no-cache: give one of them`)
  }
  if (!cache) return { cache, verifyCache: undefined }
  // A user without a home has no default cache, but can build.
  const isDefault = cacheDir === undefined && !cacheShared
  return { cache: isDefault ? undefined : openBlockCache(cacheDir, { shared: cacheShared }), verifyCache: cacheVerify }
}

/** The options of commands that build. */
export const NO_CACHE = new Option('--no-cache', 'do not use the block cache')
export const CACHE_DIR = new Option(
  '--cache-dir <DIR>',
  'folder of the block cache (default: nspawn-rootfs in $XDG_CACHE_HOME or ~/.cache)',
).argParser(somePath)
export const CACHE_SHARED = new Option(
  '--cache-shared',
  'accept a cache that other users can write: they can then change your images',
)
export const CACHE_VERIFY = new Option(
  '--cache-verify',
  'verify cached blocks against the NAR hashes again (default: trust the cache)',
)

/** Adds the subcommands of `cache`. */
export function addCacheCommands(cache: Command): void {
  const add = (name: string, description: string) =>
    cache
      .command(name)
      .description(description)
      .option(
        '--cache-dir <DIR>',
        'folder of the cache (default: nspawn-rootfs in $XDG_CACHE_HOME or ~/.cache)',
        somePath,
      )
      .option('--cache-shared', 'accept a cache that other users can write')
  add('stats', 'Print the size of the cache.')
    .option('--json', 'print it as JSON')
    .action(async ({ json, ...flags }: FolderFlags & { json?: true }) => {
      const { folder, stats } = open(flags)
      const found = await stats()
      if (json) return printJson({ folder, ...found })
      const { size, batches, blocks, leftOvers } = found
      const lines = [
        `${folder}: ${formatBytes(size)} in ${blocks} blocks, for ${batches} store paths or groups of small ones`,
      ]
      if (leftOvers > 0)
        lines.push(`left-overs of killed builds or other users: ${leftOvers} (cache prune removes them)`)
      printLines(lines)
    })
  add('prune', 'Remove the blocks that were not used for longest.')
    .option('--max-size <SIZE>', `size to prune to (default: ${formatBytes(CACHE_SIZE_MAX)})`, byteCount)
    .action(async ({ maxSize, ...flags }: FolderFlags & { maxSize?: number }) => {
      const { folder, prune, stats } = open(flags)
      const removed = await prune({ maxSize })
      const { size } = await stats()
      printLines([`${folder}: ${formatBytes(removed)} removed, ${formatBytes(size)} left`])
    })
  add('clear', 'Remove all blocks.').action(async (flags: FolderFlags) => {
    const { folder, clear } = open(flags)
    await clear()
    printLines([`${folder}: empty`])
  })
}

type FolderFlags = Pick<CacheFlags, 'cacheDir' | 'cacheShared'>

function open({ cacheDir, cacheShared }: FolderFlags): LocalBlockCache {
  return openBlockCache(cacheDir, { shared: cacheShared })
}
