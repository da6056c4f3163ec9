/** Hashes and Ed25519 as Node has them. Where there is no Node, crypto-portable.ts takes the place of this module. */
import * as crypto from 'node:crypto'

/** A hash in the making. */
export interface Hash {
  /** Takes the next bytes; a text as its UTF-8. */
  update(bytes: Uint8Array | string): Hash
  /** The hash of what was taken; nothing can follow. */
  digest(): Uint8Array
  /** Another one that has taken the same. */
  copy(): Hash
}

/** Those that crypto-portable.ts has as well. */
const ALGORITHMS = new Set(['md5', 'sha1', 'sha256', 'sha512'])

/** Begins a hash. Throws `RangeError` for an algorithm that is not there. */
export function createHash(algorithm: string): Hash {
  if (!ALGORITHMS.has(algorithm)) throw new RangeError(`algorithm: there is no ${algorithm} here`)
  return crypto.createHash(algorithm)
}

/** The public key, 32 bytes, that belongs to a seed of 32. */
export function publicKeyOfSeed(seed: Uint8Array): Uint8Array {
  const spki = crypto.createPublicKey(privateKey(seed)).export({ type: 'spki', format: 'der' })
  return spki.subarray(SPKI_HEAD.length)
}

/** Signs with the key of a seed: 64 bytes. */
export function signEd25519(message: Uint8Array, seed: Uint8Array): Uint8Array {
  return crypto.sign(null, message, privateKey(seed))
}

/** Whether a signature of 64 bytes is that of a public key of 32. */
export function verifyEd25519(message: Uint8Array, publicKey: Uint8Array, signature: Uint8Array): boolean {
  const key = crypto.createPublicKey({ key: Buffer.from([...SPKI_HEAD, ...publicKey]), type: 'spki', format: 'der' })
  return crypto.verify(null, message, key, signature)
}

function privateKey(seed: Uint8Array) {
  return crypto.createPrivateKey({ key: Buffer.from([...PKCS8_HEAD, ...seed]), type: 'pkcs8', format: 'der' })
}

// The DER of a public key and of a secret key, before their 32 bytes (RFC 8410).
const SPKI_HEAD = [0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0]
const PKCS8_HEAD = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20]
