import { NspawnRootfsError, nameErrors, type Open } from '../nspawn-rootfs-error.ts'

/** What can be wrong with a publication. */
export type PublishErrorCode = 'NAME_TWICE' | 'VERSION_INVALID' | 'VERSION_TAKEN' | 'IN_THE_WAY' | 'PUBLISH_FAILED'

/** Images that cannot be published as asked; the folder is as it was. */
export class PublishError extends NspawnRootfsError {
  static {
    nameErrors(PublishError, 'PublishError')
  }

  readonly code: Open<PublishErrorCode>
  /** The file, folder or version in question. */
  readonly path: string

  constructor(code: PublishErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.path = path
  }
}
