import { NspawnRootfsError, nameErrors, type Open } from '../nspawn-rootfs-error.ts'

/** Why a folder cannot be served. */
export type ServeErrorCode = 'FOLDER_MISSING' | 'ADDRESS_UNUSABLE'

/** A folder that cannot be served. */
export class ServeError extends NspawnRootfsError<Open<ServeErrorCode>> {}

nameErrors(ServeError, 'ServeError')
