import { NspawnRootfsError, nameErrors, type Open } from '../nspawn-rootfs-error.ts'

/** What went wrong, for programs. */
export type NixErrorCode =
  | 'NIXBASE32_INVALID'
  | 'HASH_INVALID'
  | 'STORE_PATH_INVALID'
  | 'NAR_INVALID'
  | 'NAR_TRUNCATED'
  | 'REGISTRATION_INVALID'
  | 'PATH_INFO_INVALID'
  | 'NARINFO_INVALID'
  | 'CONTENT_ADDRESS_INVALID'
  | 'PUBLIC_KEY_INVALID'
  | 'SECRET_KEY_INVALID'
  | 'EXPORT_INVALID'
  | 'EXPORT_TRUNCATED'

/** Where it went wrong; each field is set where it means something. */
export interface NixErrorData {
  /** The text that was refused. */
  readonly input?: string
  /** Bytes of the NAR, or of the export, before the place in question. */
  readonly offset?: number
  /** The line of the text, counted from 1. */
  readonly line?: number
  /** The store path concerned, or for a NAR the path inside it as a byte string without a leading `/` (root: ''). */
  readonly path?: string
  readonly cause?: unknown
}

/**
 * The one error of this room: data in a Nix format, or a use of the NAR writer, that breaks the format's rules.
 * The message says what failed and where; `code` and the data fields say the same to programs.
 */
export class NixError extends NspawnRootfsError<Open<NixErrorCode>> {
  readonly input?: string
  readonly offset?: number
  readonly line?: number
  readonly path?: string

  constructor(code: NixErrorCode, message: string, data: NixErrorData = {}) {
    super(code, message, data.cause === undefined ? undefined : { cause: data.cause })
    this.input = data.input
    this.offset = data.offset
    this.line = data.line
    this.path = data.path
  }
}

nameErrors(NixError, 'NixError')

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Foreign text, quoted and shortened for a message. */
export { quoted as quote } from '../printable.ts'
