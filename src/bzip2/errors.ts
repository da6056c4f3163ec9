/** Why bytes cannot be decompressed as bzip2. */
export type Bzip2ErrorCode =
  /** They end before their data does. */
  | 'BZIP2_TRUNCATED'
  /** They are not what they begin as. */
  | 'BZIP2_CORRUPT'
  /** All streams are whole, and something follows that begins no other. All that they hold was given by then. */
  | 'BZIP2_TRAILING'

/** Bytes that are no bzip2 file, or not only one. */
export class Bzip2Error extends Error {
  override readonly name = 'Bzip2Error'
  readonly code: Bzip2ErrorCode

  constructor(code: Bzip2ErrorCode, message: string) {
    super(message)
    this.code = code
  }
}
