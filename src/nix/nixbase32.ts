/**
 * Nix's base 32 (nix: src/libutil/base-nix-32.cc).
 *
 * The bytes are taken as one little-endian number; its 5-bit digits are written most significant first, in an alphabet
 * without e, o, t and u. n bytes give ceil(8n / 5) characters; the bits of the first one beyond 8n must be zero.
 */
import { NixError, quote } from './errors.ts'

/** The digits of Nix's base 32, by value. */
export const NIXBASE32_ALPHABET = '0123456789abcdfghijklmnpqrsvwxyz'

/** The number of characters that encode `size` bytes. */
export function nixBase32Length(size: number): number {
  return Math.ceil((size * 8) / 5)
}

/** Encodes bytes; none give the empty text. */
export function encodeNixBase32(bytes: Uint8Array): string {
  let text = ''
  for (let digit = nixBase32Length(bytes.length) - 1; digit >= 0; digit--) {
    const at = (digit * 5) >>> 3
    const shift = (digit * 5) & 7
    // A digit spans at most two bytes; behind the last one there are zeros.
    const pair = bytes[at] | ((at + 1 < bytes.length ? bytes[at + 1] : 0) << 8)
    text += NIXBASE32_ALPHABET[(pair >>> shift) & 31]
  }
  return text
}

/**
 * Decodes what {@link encodeNixBase32} writes, and nothing else: two different texts never give the same bytes.
 * Throws `NixError` NIXBASE32_INVALID for a foreign character, a length that no number of bytes has, and bits set
 * beyond the last byte.
 */
export function decodeNixBase32(text: string): Uint8Array<ArrayBuffer> {
  const size = Math.floor((text.length * 5) / 8)
  if (nixBase32Length(size) !== text.length) {
    throw invalid(text, `its length, ${text.length}, is not that of any number of bytes`)
  }
  const bytes = new Uint8Array(size)
  for (let i = 0; i < text.length; i++) {
    const value = NIXBASE32_ALPHABET.indexOf(text[i])
    if (value < 0) throw invalid(text, `character ${i + 1}, ${quote(text[i])}, is not one of ${NIXBASE32_ALPHABET}`)
    const bit = (text.length - 1 - i) * 5
    const at = bit >>> 3
    const pair = value << (bit & 7)
    bytes[at] |= pair & 0xff
    const carry = pair >>> 8
    if (at + 1 < size) bytes[at + 1] |= carry
    else if (carry !== 0 || at >= size) throw invalid(text, 'its first character has bits beyond the last byte')
  }
  return bytes
}

function invalid(text: string, reason: string): NixError {
  return new NixError('NIXBASE32_INVALID', `not Nix base 32: ${quote(text)}: ${reason}`, { input: text })
}
