import { NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/** What is wrong with a block cache. */
export type BlockCacheErrorCode =
  /** Other users can change what lies in it. */
  | 'FOLDER_UNTRUSTED'
  /** No folder was named, and the user has no home. */
  | 'FOLDER_UNKNOWN'
  /** Nothing can be written into it, or removed from it. */
  | 'FOLDER_UNWRITABLE'

/** A block cache that cannot be used. */
export class BlockCacheError extends NspawnRootfsError<OpenCode<BlockCacheErrorCode>> {
  /** The folder in question: the cache's, or one above it that others can change. */
  readonly path: string | undefined

  constructor(code: BlockCacheErrorCode, path: string | undefined, message: string, options?: ErrorOptions) {
    super(code, message, options)
    this.path = path
  }
}

nameErrors(BlockCacheError, 'BlockCacheError')
