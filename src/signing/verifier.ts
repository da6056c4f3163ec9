import type { Key, Signature } from 'openpgp'
import { readAllSignatures } from './armor.ts'
import { readKeyring } from './keyring.ts'

/** The signer and time of a good signature. */
export interface Verification {
  /** The key that signed: lower-case base 16. */
  readonly fingerprint: string
  /** The stated time of the signature. A signature by a key file has the time of the key: see `openSigner`. */
  readonly signedAt: Date
}

/** A signature that will be good: the clock of this machine is behind, or that of the signer was ahead. */
export interface FutureSignature {
  /** The stated time of the signature. */
  readonly goodFrom: Date
}

/** Verifies detached signatures. */
export interface Verifier {
  /** Resolves to the signer and time of a good signature, to the time from which it is good, or to its fault, in words. */
  verify(contents: Uint8Array, signature: Uint8Array): Promise<Verification | FutureSignature | string>
}

/** Verifies by the public keys in files. Rejects with `SigningError` KEY_UNREADABLE and KEY_INVALID. */
export async function openVerifier(files: readonly string[]): Promise<Verifier> {
  const verificationKeys = await mergeCopies((await Promise.all(files.map(readKeyring))).flat())
  const { createMessage, verify } = await import('openpgp')
  const verifyAt = async (
    date: Date,
    contents: Uint8Array,
    signature: Signature,
  ): Promise<Verification | { why: string; times: Date[] }> => {
    const message = await createMessage({ binary: contents })
    const { signatures } = await verify({ message, signature, verificationKeys, date, format: 'binary' })
    let why = 'it holds no signature'
    const times: Date[] = []
    for (const { keyID, verified, signature } of signatures) {
      const created = await signature.then(
        ({ packets }) => packets[0].created,
        () => undefined,
      )
      try {
        await verified
        const key = verificationKeys.find(key => key.getKeys(keyID).length > 0)!
        return { fingerprint: key.getFingerprint(), signedAt: created ?? new Date(0) }
      } catch (error) {
        why = (error as Error).message
        if (created) times.push(created)
      }
    }
    return { why, times }
  }
  return {
    async verify(contents, bytes) {
      try {
        const now = new Date()
        const signature = await readAllSignatures(bytes)
        const result = await verifyAt(now, contents, signature)
        if ('signedAt' in result) return result
        for (const goodFrom of result.times.filter(time => time > now)) {
          if ('signedAt' in (await verifyAt(goodFrom, contents, signature))) return { goodFrom }
        }
        return result.why
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
