import { type ErrorText, NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/** Faults of a key, or of signing. */
export type SigningErrorCode =
  /** The file of the key cannot be read. */
  | 'KEY_UNREADABLE'
  /** The key cannot be used to sign or to verify. */
  | 'KEY_INVALID'
  /** The key needs its passphrase, or another one. */
  | 'KEY_LOCKED'
  /** No key can be made for an owner of this name and address. */
  | 'OWNER_INVALID'
  /** gpg does not sign. */
  | 'GPG_FAILED'

/** A key that cannot be used or made, or something that cannot be signed. */
export class SigningError extends NspawnRootfsError<OpenCode<SigningErrorCode>> {
  /** The file of the key, what gpg calls it, or whose it was to be. */
  readonly key: string

  constructor(code: SigningErrorCode, key: string, message: ErrorText, options?: ErrorOptions) {
    super(code, message, options)
    this.key = key
  }
}

nameErrors(SigningError, 'SigningError')
