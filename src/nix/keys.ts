/**
 * The keys that sign store paths (nix: src/libutil/signature/local-keys.cc): Ed25519, as text
 *
 *     public key = NAME ":" base 64 of the 32 bytes
 *     secret key = NAME ":" base 64 of 64 bytes: the seed, then the public key
 *
 * NAME is not empty and holds no `:`. Stricter than Nix in one point: base 64 must be padded, without white space.
 */
import { decodeBase64, encodeBase64 } from './base64.ts'
import { publicKeyOfSeed } from './crypto.ts'
import { NixError, quote } from './errors.ts'

const KEY_SIZE = 32

/** A key that verifies signatures. Plain data. */
export interface PublicKey {
  readonly name: string
  /** The Ed25519 public key, 32 bytes. */
  readonly bytes: Uint8Array
}

/** A key that makes signatures. Plain data, and secret: no error here quotes it. */
export interface SecretKey {
  readonly name: string
  /** The Ed25519 seed, 32 bytes. */
  readonly seed: Uint8Array
}

/**
 * Parses one word of `trusted-public-keys`; white space around it does not count. Throws `NixError` PUBLIC_KEY_INVALID, which
 * quotes nothing that may be a secret key.
 */
export function parsePublicKey(text: string): PublicKey {
  const word = text.trim()
  const named = splitNamed(word)
  const base64 = named?.base64 ?? word
  // A stray ":" may stand in the middle of a secret key.
  const isNameSecret = named !== undefined && isLikeSecret(named.name)
  const isSecret = isNameSecret || isLikeSecret(base64)
  const invalid = (reason: string) => {
    const shown = isSecret ? '' : `${quote(word)}: `
    const message = `not a public key of Nix: ${shown}${reason}`
    return new NixError('PUBLIC_KEY_INVALID', message, isSecret ? {} : { input: word })
  }
  if (isLikeSecret(base64)) {
    const of = named && !isNameSecret ? ` of ${quote(named.name)}` : ''
    throw invalid(`it is as long as a secret key${of}; give the public one (nix key convert-secret-to-public)`)
  }
  const bytes = decodeBase64(base64, KEY_SIZE)
  if (named === undefined && bytes) throw invalid('it has no name: give NAME:BASE64, as its owner publishes it')
  if (named === undefined && isLikePath(word)) {
    throw invalid('it looks like the path of a file: give the key that is in it, NAME:BASE64')
  }
  if (named === undefined) throw invalid('it is not of the form NAME:BASE64')
  if (bytes === undefined) throw invalid(`behind the ":" 44 characters of base 64, ${KEY_SIZE} bytes, are needed`)
  return { name: named.name, bytes }
}

/** Parses `trusted-public-keys` of a nix.conf: any number of keys with white space between them. Throws like {@link parsePublicKey}. */
export function parsePublicKeys(text: string): PublicKey[] {
  return text.split(/\s+/).filter(Boolean).map(parsePublicKey)
}

/** Whether it is base 64 of more than a public key; some of it may be missing, or be mistyped. */
function isLikeSecret(base64: string): boolean {
  return base64.replace(/[^A-Za-z0-9+/=_-]/g, '').length > 60
}

function isLikePath(word: string): boolean {
  return /^(~|\.{1,2})?\//.test(word) || /\.[a-z]{2,10}$/.test(word)
}

/**
 * Parses what `nix key generate-secret` and `nix-store --generate-binary-cache-key` write. Throws `NixError`
 * SECRET_KEY_INVALID, also where the second half is not the public key of the first.
 */
export function parseSecretKey(text: string): SecretKey {
  const invalid = (reason: string) => new NixError('SECRET_KEY_INVALID', `not a secret key of Nix: ${reason}`)
  const named = splitNamed(text)
  if (named === undefined) throw invalid('it is not of the form NAME:BASE64')
  const bytes = decodeBase64(named.base64, 2 * KEY_SIZE)
  if (bytes === undefined) throw invalid(`behind the ":" 88 characters of base 64, ${2 * KEY_SIZE} bytes, are needed`)
  const key = { name: named.name, seed: bytes.slice(0, KEY_SIZE) }
  if (encodeBase64(publicKeyOfSeed(key.seed)) !== encodeBase64(bytes.subarray(KEY_SIZE))) {
    throw invalid('its second half is not the public key of the first')
  }
  return key
}

/** Splits `NAME:BASE64`, the form of keys and of signatures, at its first colon; `undefined` if there is no name. */
export function splitNamed(text: string): { name: string; base64: string } | undefined {
  const colon = text.indexOf(':')
  return colon <= 0 ? undefined : { name: text.slice(0, colon), base64: text.slice(colon + 1) }
}
