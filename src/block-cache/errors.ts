import { NspawnRootfsError, nameErrors, type Open } from '../nspawn-rootfs-error.ts'

/** What is wrong with a block cache. */
export type BlockCacheErrorCode =
  /** Other users can change what lies in it. */
  | 'FOLDER_UNTRUSTED'
  /** No folder was named, and the user has no home. */
  | 'FOLDER_UNKNOWN'

/** A block cache that cannot be used. */
export class BlockCacheError extends NspawnRootfsError<Open<BlockCacheErrorCode>> {
  /** The folder that others can change: the cache's, or one above it. */
  readonly path: string | undefined

  constructor(code: BlockCacheErrorCode, path: string | undefined, message: string) {
    super(code, message)
    this.path = path
  }
}

nameErrors(BlockCacheError, 'BlockCacheError')
