import { NspawnRootfsError, nameErrors, type Open } from '../nspawn-rootfs-error.ts'

/** Why a folder cannot be served. */
export type ServeErrorCode = 'FOLDER_MISSING' | 'ADDRESS_UNUSABLE'

/** A folder that cannot be served. */
export class ServeError extends NspawnRootfsError {
  readonly code: Open<ServeErrorCode>

  constructor(code: ServeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

nameErrors(ServeError, 'ServeError')
