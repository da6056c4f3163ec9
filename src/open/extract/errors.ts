import { NspawnRootfsError, nameErrors, type OpenCode } from '../../nspawn-rootfs-error.ts'

/** Why an image cannot be extracted. */
export type ExtractErrorCode =
  /** The folder is not empty, or is no folder. */
  | 'EXTRACT_IN_THE_WAY'
  /** An entry would be written outside of the folder, or where it cannot be. */
  | 'EXTRACT_UNSAFE'
  /** The system refuses to make something. */
  | 'EXTRACT_FAILED'
  /** Only root may give files away. */
  | 'EXTRACT_NOT_ROOT'

/** An image that cannot be extracted. The folder is as it was. */
export class ExtractError extends NspawnRootfsError<OpenCode<ExtractErrorCode>> {
  /** The folder, or the path in the image, that the error is about. */
  readonly path: string

  /** `what` is said of the path. */
  constructor(code: ExtractErrorCode, path: string, what: string, options?: ErrorOptions) {
    super(code, `${path}: ${what}`, options)
    this.path = path
  }
}

nameErrors(ExtractError, 'ExtractError')
