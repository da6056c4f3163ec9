/**
 * The exports of crypto.ts, in JavaScript alone: for browsers, whose own WebCrypto hashes nothing piece by piece. The build
 * puts it into `nspawn-rootfs/nix` for all that is not Node (tsup.config.ts).
 */
import { ed25519 } from '@noble/curves/ed25519.js'
import { md5, sha1 } from '@noble/hashes/legacy.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { utf8Bytes } from '../bytes/index.ts'
import type { Hash } from './crypto.ts'

const HASHES = { md5, sha1, sha256, sha512 }

/** The part of a hash of `@noble/hashes` that is used here. */
interface NobleHash {
  update(bytes: Uint8Array): unknown
  digest(): Uint8Array
  clone(): NobleHash
}

/** Begins a hash. Throws `RangeError` for an algorithm that is not there. */
export function createHash(algorithm: string): Hash {
  if (!Object.hasOwn(HASHES, algorithm)) throw new RangeError(`algorithm: there is no ${algorithm} here`)
  return wrap(HASHES[algorithm as keyof typeof HASHES].create())
}

/** As in crypto.ts. */
export function publicKeyOfSeed(seed: Uint8Array): Uint8Array {
  return ed25519.getPublicKey(seed)
}

/** As in crypto.ts. */
export function signEd25519(message: Uint8Array, seed: Uint8Array): Uint8Array {
  return ed25519.sign(message, seed)
}

/** As in crypto.ts. By RFC 8032, not by ZIP 215, which accepts more. */
export function verifyEd25519(message: Uint8Array, publicKey: Uint8Array, signature: Uint8Array): boolean {
  return ed25519.verify(signature, message, publicKey, { zip215: false })
}

function wrap(hash: NobleHash): Hash {
  const wrapped: Hash = {
    update(bytes) {
      hash.update(utf8Bytes(bytes))
      return wrapped
    },
    digest: () => hash.digest(),
    copy: () => wrap(hash.clone()),
  }
  return wrapped
}
