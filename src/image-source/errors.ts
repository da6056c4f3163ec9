import { NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/** Why an image cannot be looked into. */
export type OpenErrorCode =
  /** There is no such image, or what it lies on does not give its bytes. */
  | 'OPEN_UNREADABLE'
  /** It is damaged, or is no tar archive. */
  | 'OPEN_CORRUPT'
  /** More comes out of it than a file of its size should hold. */
  | 'OPEN_UNBOUNDED'
  /** It is compressed in a way that nothing here undoes. */
  | 'OPEN_UNSUPPORTED'
  /** The given manifest is not that of the image. */
  | 'MANIFEST_WRONG'
  /** It was closed while it was read. */
  | 'OPEN_CLOSED'
  /** It has no entry at a path. */
  | 'ENTRY_MISSING'
  /** The entry at a path has no contents, such as a directory. */
  | 'ENTRY_WITHOUT_CONTENTS'

/** An image that cannot be looked into, or has not what is looked for. */
export class OpenError extends NspawnRootfsError<OpenCode<OpenErrorCode>> {
  /** The image, as it was given, without passwords. */
  readonly image: string

  /** `what` is said of the image. */
  constructor(code: OpenErrorCode, image: string, what: string, options?: ErrorOptions) {
    super(code, `${image}: ${what}`, options)
    this.image = image
  }
}

nameErrors(OpenError, 'OpenError')
