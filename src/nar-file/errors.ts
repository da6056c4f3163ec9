/** What is wrong with a file that should hold a NAR. */
export type NarFileErrorCode =
  /** There is no such file. */
  | 'NAR_FILE_MISSING'
  /** The network, a server or a disk does not give it. */
  | 'NAR_FILE_UNREADABLE'
  /** Its hash or length is another one than stated. */
  | 'NAR_FILE_MISMATCH'
  /** It cannot be unpacked, or what comes out is no NAR, or one of another length. */
  | 'NAR_FILE_CORRUPT'
  /** The NAR is not what the store path's content address names. */
  | 'CONTENT_MISMATCH'
  /** It is compressed in a way that nothing here unpacks. */
  | 'COMPRESSION_UNSUPPORTED'

/** A packed store path that cannot be had. */
export class NarFileError extends Error {
  override readonly name = 'NarFileError'
  readonly code: NarFileErrorCode
  /** The store path. */
  readonly path: string
  /** URL of the file. */
  readonly url: string

  constructor(code: NarFileErrorCode, path: string, url: string, reason: string, options?: ErrorOptions) {
    super(`${path}: ${url}: ${reason}`, options)
    this.code = code
    this.path = path
    this.url = url
  }
}
