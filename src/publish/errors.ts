import { DiskError, isSystemError, reasonOf } from '../disk/index.ts'
import { NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/** What can be wrong with a publication. */
export type PublishErrorCode =
  /** Two images have one name. */
  | 'NAME_TWICE'
  /** The name of an image is that of a version of another one. */
  | 'NAME_AMBIGUOUS'
  /** The text cannot be the name of a version. */
  | 'VERSION_INVALID'
  /** There is a version of this name, with other contents. */
  | 'VERSION_TAKEN'
  /** A version must be newer than all before it. */
  | 'VERSION_OLDER'
  /** A name is taken by what no publication has put there. */
  | 'IN_THE_WAY'
  /** The folder cannot be read or written. */
  | 'PUBLISH_FAILED'

/** Images that cannot be published as asked; the folder is as it was. */
export class PublishError extends NspawnRootfsError<OpenCode<PublishErrorCode>> {
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
