import { NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/** Why an image cannot be pulled. */
export type PullErrorCode =
  /** The URL does not name an image on a web server. */
  | 'PULL_URL_INVALID'
  /** The server has no such file. */
  | 'PULL_MISSING'
  /** The checksums are signed by none of the keys, or by nobody. */
  | 'PULL_UNSIGNED'
  /** The checksums do not list the image. */
  | 'PULL_UNLISTED'
  /** The file of the server does not match the checksums, however often it is fetched, or is no image. */
  | 'PULL_WRONG'
  /** The publication is older than one that the server had before. */
  | 'PULL_DOWNGRADE'

/** An image that cannot be pulled, or must not. */
export class PullError extends NspawnRootfsError<OpenCode<PullErrorCode>> {
  /** The URL that was asked for, without user and password. */
  readonly url: string

  /** `what` is said of the URL. */
  constructor(code: PullErrorCode, url: string, what: string) {
    super(code, `${url}: ${what}`)
    this.url = url
  }
}

nameErrors(PullError, 'PullError')
