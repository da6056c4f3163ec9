/**
 * Hashes as Nix writes them (nix: src/libutil/hash.cc, Hash::parseAny).
 *
 *     [ ALGORITHM ":" ] ( BASE16 | NIXBASE32 | BASE64 )     told apart by their lengths
 *     ALGORITHM "-" BASE64                                  the SRI form of the W3C
 *
 * Stricter than Nix in one point: base 64 must be padded, and its unused bits zero, so that no hash has two spellings
 * in one form.
 */
import { decodeBase64, encodeBase64 } from './base64.ts'
import { messageOf, NixError, quote } from './errors.ts'
import { decodeNixBase32, encodeNixBase32, nixBase32Length } from './nixbase32.ts'

declare const validNarHash: unique symbol

/**
 * The SHA-256 of a NAR as `sha256:` and 52 digits of Nix's base 32: what closureInfo and narinfo files print. There is
 * one text for one hash, so `===` compares hashes. Made by {@link parseNarHash} and {@link narHashFromBytes} only.
 */
export type NarHash = `sha256:${string}` & { readonly [validNarHash]: true }

/** Reads any of Nix's spellings of a SHA-256 as a NAR hash. Throws `NixError` HASH_INVALID. */
export function parseNarHash(text: string): NarHash {
  return narHashFromBytes(parseSha256(text))
}

/** The NAR hash that 32 bytes are. Throws `RangeError` for another number of bytes. */
export function narHashFromBytes(digest: Uint8Array): NarHash {
  checkDigest(digest)
  return `sha256:${encodeNixBase32(digest)}` as NarHash
}

/** The 32 bytes of a NAR hash. */
export function narHashBytes(hash: NarHash): Uint8Array<ArrayBuffer> {
  return decodeNixBase32(hash.slice('sha256:'.length))
}

/**
 * The 32 bytes of a SHA-256 in any of Nix's spellings: `sha256:` with base 16, Nix's base 32 or base 64, the same
 * three bare, or SRI (`sha256-` with base 64). Throws `NixError` HASH_INVALID.
 */
export function parseSha256(text: string): Uint8Array<ArrayBuffer> {
  const { algorithm = 'sha256', digest, sri } = splitHash(text)
  if (algorithm !== 'sha256') throw invalid(text, `its algorithm is ${quote(algorithm)}, where sha256 is needed`)
  return decodeDigest(text, digest, SHA256_SIZE, sri)
}

/** A SHA-256 as 64 lower-case base-16 digits: the form of `nix-store --dump-db` and of SHA256SUMS files. */
export function formatSha256Base16(digest: Uint8Array): string {
  checkDigest(digest)
  return encodeBase16(digest)
}

/** Bytes as lower-case base-16 digits. */
export function encodeBase16(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/** A SHA-256 as 52 digits of Nix's base 32, without a prefix: the form of file names in binary caches. */
export function formatSha256Nix32(digest: Uint8Array): string {
  checkDigest(digest)
  return encodeNixBase32(digest)
}

/** A SHA-256 in SRI form, `sha256-<base 64>`: the form of `nix path-info --json`. */
export function formatSha256Sri(digest: Uint8Array): string {
  checkDigest(digest)
  return `sha256-${encodeBase64(digest)}`
}

function checkDigest(digest: Uint8Array): void {
  if (!(digest instanceof Uint8Array)) throw new TypeError('digest: give a Uint8Array')
  if (digest.length !== SHA256_SIZE) throw new RangeError(`a SHA-256 has 32 bytes, not ${digest.length}`)
}

/**
 * Any hash that Nix knows as `ALGORITHM:<Nix base 32>`, the form inside content addresses. The text must name its
 * algorithm. Throws `NixError` HASH_INVALID.
 */
export function normalizeHash(text: string): string {
  const { algorithm, digest, sri } = splitHash(text)
  if (algorithm === undefined) throw invalid(text, 'it does not name its algorithm')
  const size = DIGEST_SIZES.get(algorithm)
  if (size === undefined) throw invalid(text, `its algorithm is none of ${[...DIGEST_SIZES.keys()].join(', ')}`)
  return `${algorithm}:${encodeNixBase32(decodeDigest(text, digest, size, sri))}`
}

const SHA256_SIZE = 32
const DIGEST_SIZES = new Map([
  ['md5', 16],
  ['sha1', 20],
  ['sha256', SHA256_SIZE],
  ['sha512', 64],
  ['blake3', 32],
])

function splitHash(text: string): { algorithm?: string; digest: string; sri: boolean } {
  const prefixed = /^([^:-]*)([:-])(.*)$/s.exec(text)
  if (prefixed === null) return { digest: text, sri: false }
  return { algorithm: prefixed[1], digest: prefixed[3], sri: prefixed[2] === '-' }
}

function decodeDigest(text: string, digest: string, size: number, sri: boolean): Uint8Array<ArrayBuffer> {
  const base64Length = Math.ceil(size / 3) * 4
  if (digest.length === base64Length) {
    const bytes = decodeBase64(digest, size)
    if (bytes === undefined) throw invalid(text, `it is not base 64 of ${size} bytes`)
    return bytes
  }
  if (sri) throw invalid(text, `behind the "-" ${base64Length} characters of base 64 are needed`)
  if (digest.length === size * 2) return decodeBase16(text, digest)
  if (digest.length === nixBase32Length(size)) {
    try {
      return decodeNixBase32(digest)
    } catch (error) {
      throw invalid(text, messageOf(error), error)
    }
  }
  throw invalid(
    text,
    `${size} bytes take ${size * 2} digits of base 16, ${nixBase32Length(size)} of Nix base 32 or ` +
      `${base64Length} characters of base 64, not ${digest.length}`,
  )
}

function decodeBase16(text: string, digits: string): Uint8Array<ArrayBuffer> {
  if (!/^[0-9a-fA-F]*$/.test(digits)) throw invalid(text, 'it has the length of base 16 but other characters')
  return Uint8Array.from({ length: digits.length / 2 }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16))
}

function invalid(text: string, reason: string, cause?: unknown): NixError {
  return new NixError('HASH_INVALID', `not a hash as Nix writes one: ${quote(text)}: ${reason}`, { input: text, cause })
}
