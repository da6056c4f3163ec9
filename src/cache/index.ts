export {
  type BatchRecord,
  type CachedBlock,
  getBlock,
  getRecord,
  putBlock,
  putRecord,
  recordKey,
} from './batch-record.ts'
export type { BlockCache } from './cache.ts'
export { guardCache } from './guard.ts'
export {
  CACHE_SIZE_MAX,
  type CacheStats,
  clearCache,
  defaultCacheFolder,
  openLocalCache,
  pruneCache,
  readCacheStats,
} from './local-cache.ts'
