import { NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/** What went wrong, for programs. */
export type NixErrorCode =
  /** Text that is not in Nix's base 32. */
  | 'NIXBASE32_INVALID'
  /** Text that is no hash. */
  | 'HASH_INVALID'
  /** Text that is no store path. */
  | 'STORE_PATH_INVALID'
  /** Bytes that are no NAR. */
  | 'NAR_INVALID'
  /** A NAR that ends too early. */
  | 'NAR_TRUNCATED'
  /** Text that `nix-store --load-db` would not take. */
  | 'REGISTRATION_INVALID'
  /** JSON that `nix path-info` would not print. */
  | 'PATH_INFO_INVALID'
  /** Text that is no narinfo. */
  | 'NARINFO_INVALID'
  /** Text that is no content address, or one that does not suit its store path. */
  | 'CONTENT_ADDRESS_INVALID'
  /** Text that is no public key, `NAME:BASE64`. */
  | 'PUBLIC_KEY_INVALID'
  /** Text that is no secret key, `NAME:BASE64`. */
  | 'SECRET_KEY_INVALID'
  /** Bytes that `nix-store --export` would not write. */
  | 'EXPORT_INVALID'
  /** An export that ends too early. */
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
export class NixError extends NspawnRootfsError<OpenCode<NixErrorCode>> {
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
