export {
  type BatchRecord,
  type BlockFacts,
  type CachedBlock,
  digestOfBlock,
  findBlock,
  getBlock,
  getRecord,
  putBlock,
  putRecord,
  recordKey,
} from './batch-record.ts'
export type { BlockCache, Room } from './cache.ts'
export { BlockCacheError, type BlockCacheErrorCode } from './errors.ts'
export { guardCache } from './guard.ts'
export {
  type BlockCacheOptions,
  CACHE_SIZE_MAX,
  type CacheStats,
  type LocalBlockCache,
  openBlockCache,
  openDefaultCache,
} from './local.ts'
