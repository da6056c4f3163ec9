import { type ErrorText, NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/** Faults of a store, or of a request to it. */
export type StoreErrorCode =
  /** The store or its database cannot be read. */
  | 'STORE_UNREADABLE'
  /** A store path, or what it refers to, is not known there. */
  | 'CLOSURE_INCOMPLETE'
  /** A store path is described in two ways. */
  | 'CLOSURE_AMBIGUOUS'
  /** A root is no store path, and leads to none. */
  | 'ROOT_NOT_IN_STORE'
  /** A store path is known, but its files are not there. */
  | 'STORE_PATH_MISSING'
  /** Files of a store path cannot be read. */
  | 'STORE_PATH_UNREADABLE'
  /** A store path changed while it was read. */
  | 'STORE_PATH_CHANGED'
  /** A store path holds something else than files, directories and symlinks. */
  | 'FILE_TYPE_UNSUPPORTED'
  /** A symlink leads out of the closure, or round in circles. */
  | 'LINK_UNRESOLVED'
  /** A file that is read whole is too large for that. */
  | 'FILE_TOO_LARGE'
  /** A file that the source names cannot be used. */
  | 'SOURCE_INVALID'
  /** There is no room for a NAR that has to be verified before it is packed. */
  | 'SCRATCH_UNWRITABLE'

/** A closure that cannot be found, or a store path that cannot be read. */
export class StoreError extends NspawnRootfsError<OpenCode<StoreErrorCode>> {
  /** The store path, file or folder in question. */
  readonly path: string

  constructor(code: StoreErrorCode, path: string, message: ErrorText, options?: ErrorOptions) {
    super(code, message, options)
    this.path = path
  }
}

nameErrors(StoreError, 'StoreError')
