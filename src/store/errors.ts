import { type ErrorText, NspawnRootfsError, nameErrors, type Open } from '../nspawn-rootfs-error.ts'

/** Faults of a store, or of a request to it. */
export type StoreErrorCode =
  | 'STORE_UNREADABLE'
  | 'CLOSURE_INCOMPLETE'
  | 'CLOSURE_AMBIGUOUS'
  | 'ROOT_NOT_IN_STORE'
  | 'STORE_PATH_MISSING'
  | 'STORE_PATH_UNREADABLE'
  | 'STORE_PATH_CHANGED'
  | 'FILE_TYPE_UNSUPPORTED'
  | 'LINK_UNRESOLVED'
  | 'FILE_TOO_LARGE'
  | 'SOURCE_INVALID'
  /** There is no room for a NAR that has to be verified before it is packed. */
  | 'SCRATCH_UNWRITABLE'

/** A closure that cannot be found, or a store path that cannot be read. */
export class StoreError extends NspawnRootfsError<Open<StoreErrorCode>> {
  /** The store path, file or folder in question. */
  readonly path: string

  constructor(code: StoreErrorCode, path: string, message: ErrorText, options?: ErrorOptions) {
    super(code, message, options)
    this.path = path
  }
}

nameErrors(StoreError, 'StoreError')
