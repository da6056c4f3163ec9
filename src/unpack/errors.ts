/** Why bytes cannot be unpacked. */
export type UnpackErrorCode =
  /** They end before their data does. */
  | 'UNPACK_TRUNCATED'
  /** They are not what they should be, or of a kind that is not known. */
  | 'UNPACK_CORRUPT'
  /** More comes out of them than the limits allow. */
  | 'UNPACK_TOO_LARGE'
  /** They have more parts than the limits allow. */
  | 'UNPACK_TOO_MANY_PARTS'

/** Bytes that cannot be unpacked. The message goes on after the name of the file: "it is cut off", "has over 10000 frames". */
export class UnpackError extends Error {
  override readonly name = 'UnpackError'
  readonly code: UnpackErrorCode

  constructor(code: UnpackErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** The error for data that ends too early. */
export function truncated(message: string, cause?: unknown): UnpackError {
  return new UnpackError('UNPACK_TRUNCATED', message, { cause })
}

/** The error for data that is damaged, by what shows that. */
export function damaged(reason: string): UnpackError {
  return corrupt(`it is damaged: ${reason}`)
}

/** The error for data that is not what it should be. */
export function corrupt(message: string, cause?: unknown): UnpackError {
  return new UnpackError('UNPACK_CORRUPT', message, { cause })
}
