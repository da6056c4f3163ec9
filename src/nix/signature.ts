/**
 * Signatures of store paths (nix: src/libstore/path-info.cc, ValidPathInfo::fingerprint and checkSignatures).
 *
 *     signature   = NAME ":" base 64 of the 64 bytes that Ed25519 makes of the fingerprint
 *     fingerprint = "1;" PATH ";" NARHASH ";" NARSIZE ";" [ REFERENCE { "," REFERENCE } ]
 *
 * NARHASH is `sha256:` and Nix's base 32. The references are whole paths, each once, in bytewise order. Deriver,
 * content address, and the fields of a narinfo about the compressed file, are not signed.
 */
import { decodeBase64, encodeBase64 } from './base64.ts'
import { signEd25519, verifyEd25519 } from './crypto.ts'
import { type PublicKey, type SecretKey, splitNamed } from './keys.ts'
import type { PathInfo } from './path-info.ts'

const SIGNATURE_SIZE = 64

/** The part of a record that is signed. */
export type SignedInfo = Pick<PathInfo, 'path' | 'narHash' | 'narSize' | 'references'>

/** The text that is signed. It is ASCII. */
export function fingerprintOf({ path, narHash, narSize, references }: SignedInfo): string {
  const sorted = [...new Set(references.map(reference => reference.path))].sort()
  return `1;${path.path};${narHash};${narSize};${sorted.join(',')}`
}

/**
 * Whether one of the record's signatures is that of one of `keys`, among which several may have the same name. A
 * signature that is malformed, or whose key is not there, does not count.
 */
export function isSignedBy(info: SignedInfo & Pick<PathInfo, 'signatures'>, keys: readonly PublicKey[]): boolean {
  const message = new TextEncoder().encode(fingerprintOf(info))
  return (info.signatures ?? []).some(signature => {
    const named = splitNamed(signature)
    const bytes = named && decodeBase64(named.base64, SIGNATURE_SIZE)
    if (bytes === undefined) return false
    return keys.some(key => key.name === named?.name && verifyEd25519(message, key.bytes, bytes))
  })
}

/** Signs a record: gives the text that belongs among its `signatures`. */
export function signPathInfo(info: SignedInfo, key: SecretKey): string {
  const bytes = signEd25519(new TextEncoder().encode(fingerprintOf(info)), key.seed)
  return `${key.name}:${encodeBase64(bytes)}`
}
