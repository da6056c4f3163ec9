import type { Key } from 'openpgp'
import { readAllSignatures } from './armor.ts'
import { readKeyring } from './keyring.ts'

/** The signer and time of a good signature. */
export interface Verification {
  /** The key that signed: lower-case base 16. */
  readonly fingerprint: string
  /** The stated time of the signature. A signature by a key file has the time of the key: see `openSigner`. */
  readonly signedAt: Date
}

/** Verifies detached signatures. */
export interface Verifier {
  /** Resolves to the signer and time of a good signature, or to what is wrong with it, in words. */
  verify(contents: Uint8Array, signature: Uint8Array): Promise<Verification | string>
}

/** Verifies by the public keys in files. Rejects with `SigningError` KEY_UNREADABLE and KEY_INVALID. */
export async function openVerifier(files: readonly string[]): Promise<Verifier> {
  const verificationKeys = await mergeCopies((await Promise.all(files.map(readKeyring))).flat())
  const { createMessage, verify } = await import('openpgp')
  return {
    async verify(contents, signature) {
      try {
        const { signatures } = await verify({
          message: await createMessage({ binary: contents }),
          signature: await readAllSignatures(signature),
          verificationKeys,
          format: 'binary',
        })
        let why = 'it holds no signature'
        for (const { keyID, verified, signature } of signatures) {
          try {
            await verified
            const key = verificationKeys.find(key => key.getKeys(keyID).length > 0)!
            const [packet] = (await signature).packets
            return { fingerprint: key.getFingerprint(), signedAt: packet.created ?? new Date(0) }
          } catch (error) {
            why = (error as Error).message
          }
        }
        return why
      } catch (error) {
        return `it is damaged: ${(error as Error).message}`
      }
    },
  }
}

/**
 * Merges copies of a key, as `gpg --import` does: one may be revoked, or renewed, and another not. OpenPGP.js verifies with the
 * first copy only.
 */
async function mergeCopies(keys: readonly Key[]): Promise<Key[]> {
  const merged = new Map<string, Key>()
  for (const key of keys.map(key => key.toPublic())) {
    const fingerprint = key.getFingerprint()
    const copy = merged.get(fingerprint)
    merged.set(fingerprint, copy === undefined ? key : await copy.update(key))
  }
  return [...merged.values()]
}
