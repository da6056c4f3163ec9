import { DiskError, isSystemError, reasonOf } from '../disk/index.ts'
import { NspawnRootfsError, nameErrors, type Open } from '../nspawn-rootfs-error.ts'

/** What can be wrong with a publication. */
export type PublishErrorCode =
  | 'NAME_TWICE'
  | 'NAME_AMBIGUOUS'
  | 'VERSION_INVALID'
  | 'VERSION_TAKEN'
  | 'VERSION_OLDER'
  | 'IN_THE_WAY'
  | 'PUBLISH_FAILED'

/** Images that cannot be published as asked; the folder is as it was. */
export class PublishError extends NspawnRootfsError<Open<PublishErrorCode>> {
  /** The file, folder or version in question. */
  readonly path: string

  constructor(code: PublishErrorCode, path: string, message: string, options?: ErrorOptions) {
    super(code, message, options)
    this.path = path
  }
}

nameErrors(PublishError, 'PublishError')

/** An error of what is written to disk or read from it as one of the publication; any other as it is. */
export function publishErrorOf(error: unknown, folder: string): unknown {
  if (error instanceof DiskError) {
    return new PublishError('PUBLISH_FAILED', error.path, error.message, { cause: error.cause })
  }
  if (!isSystemError(error)) return error
  const { path = folder } = error
  const message = `${path}: cannot be published: ${reasonOf(error)}; see to it and publish again`
  return new PublishError('PUBLISH_FAILED', path, message, { cause: error })
}
