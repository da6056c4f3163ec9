import { NspawnRootfsError, nameErrors, type OpenCode } from './nspawn-rootfs-error.ts'

/** What went wrong, for programs. */
export type HttpErrorCode =
  /** The URL is not one of http: or https:. */
  | 'HTTP_URL_UNSUPPORTED'
  /** The variables of the environment name a proxy that cannot be used. */
  | 'HTTP_PROXY_INVALID'
  /** The file of trusted certificates cannot be used. */
  | 'HTTP_CERTIFICATES_INVALID'
  /** The server answers with the status of an error. */
  | 'HTTP_STATUS'
  /** No answer comes, or it breaks off. */
  | 'HTTP_FAILED'
  /** Nothing comes for too long, or too little. */
  | 'HTTP_TIMEOUT'
  /** The server leads to where it must not lead. */
  | 'HTTP_REDIRECT'
  /** The file has more bytes than it may have. */
  | 'HTTP_TOO_LARGE'
  /** The file changed during its download. */
  | 'HTTP_CHANGED'
  /** The answer is not encoded as its headers say. */
  | 'HTTP_ENCODING'
  /** The client was closed. */
  | 'HTTP_CLOSED'
  /** The netrc file is malformed. */
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
export class HttpError extends NspawnRootfsError<OpenCode<HttpErrorCode>> {
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
