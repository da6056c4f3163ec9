/** Why a folder cannot be served. */
export type ServeErrorCode = 'FOLDER_MISSING' | 'ADDRESS_UNUSABLE'

/** A folder that cannot be served. */
export class ServeError extends Error {
  override readonly name = 'ServeError'
  readonly code: ServeErrorCode

  constructor(code: ServeErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}
