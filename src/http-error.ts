import { NspawnRootfsError, nameErrors, type Open } from './nspawn-rootfs-error.ts'

/** What went wrong, for programs. */
export type HttpErrorCode =
  | 'HTTP_URL_UNSUPPORTED'
  | 'HTTP_PROXY_INVALID'
  | 'HTTP_CERTIFICATES_INVALID'
  | 'HTTP_STATUS'
  | 'HTTP_FAILED'
  | 'HTTP_TIMEOUT'
  | 'HTTP_REDIRECT'
  | 'HTTP_TOO_LARGE'
  | 'HTTP_CHANGED'
  | 'HTTP_ENCODING'
  | 'HTTP_CLOSED'
  | 'NETRC_INVALID'

/** Where it went wrong; each field is set where it means something. */
export interface HttpErrorData {
  /** The URL that was asked for, without user and password. */
  readonly url?: string
  /** The status of the server's answer. */
  readonly status?: number
  /** Whether another time, or another place, may do better. */
  readonly transient?: boolean
  /** The line of the netrc file, counted from 1. */
  readonly line?: number
  readonly cause?: unknown
}

/** A download that cannot be had, or settings for downloads that cannot be used. */
export class HttpError extends NspawnRootfsError<Open<HttpErrorCode>> {
  readonly url?: string
  readonly status?: number
  readonly transient: boolean
  readonly line?: number

  constructor(code: HttpErrorCode, message: string, data: HttpErrorData = {}) {
    super(code, message, data.cause === undefined ? undefined : { cause: data.cause })
    this.url = data.url
    this.status = data.status
    this.transient = data.transient ?? false
    this.line = data.line
  }
}

nameErrors(HttpError, 'HttpError')
