import { NspawnRootfsError, nameErrors } from '../nspawn-rootfs-error.ts'

/** A file or folder that cannot be written. Rooms that write hand it on as an error of their own. */
export class DiskError extends NspawnRootfsError<'DISK_FAILED'> {
  /** The file or folder in question. */
  readonly path: string

  constructor(path: string, message: string, options?: ErrorOptions) {
    super('DISK_FAILED', message, options)
    this.path = path
  }
}

nameErrors(DiskError, 'DiskError')
