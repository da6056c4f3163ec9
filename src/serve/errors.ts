import { NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/** Why a folder cannot be served. */
export type ServeErrorCode =
  /** There is no such folder. */
  | 'FOLDER_MISSING'
  /** Nobody can listen on the address and port. */
  | 'ADDRESS_UNUSABLE'

/** A folder that cannot be served. */
export class ServeError extends NspawnRootfsError<OpenCode<ServeErrorCode>> {}

nameErrors(ServeError, 'ServeError')
