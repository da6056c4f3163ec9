/** A key that signs. */
export type SigningKey =
  | {
      /** A file with an OpenPGP secret key, armored or not. */
      readonly keyFile: string
      /** Unlocks it, if it is locked. */
      readonly passphrase?: string
      /** A file that holds the passphrase; a line break at its end does not count. */
      readonly passphraseFile?: string
    }
  | {
      /** A key that `gpg` has: its ID, fingerprint or mail address. */
      readonly gpg: string
    }

/** A detached signature (RFC 9580, section 10.4), in both of its forms. */
export interface DetachedSignature {
  readonly binary: Uint8Array
  readonly armored: string
}

/** Signs with one key. */
export interface Signer {
  /** Rejects with `SigningError`, and with the signal's reason when aborted. */
  sign(contents: Uint8Array, signal?: AbortSignal): Promise<DetachedSignature>
}
