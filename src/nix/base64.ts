/** Base 64 as RFC 4648 has it, section 4, with padding; for keys, signatures and hashes. */

/**
 * Decodes base 64 of exactly `size` bytes; `undefined` for any other text. It is strict, so that no bytes have two
 * spellings: no white space, all of the padding, unused bits zero.
 */
export function decodeBase64(text: string, size: number): Uint8Array<ArrayBuffer> | undefined {
  // atob skips white space and ignores unused bits: encoding again shows both, and a wrong number of `=`.
  if (text.length !== Math.ceil(size / 3) * 4 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return undefined
  const bytes = Uint8Array.from(atob(text), character => character.charCodeAt(0))
  return bytes.length === size && encodeBase64(bytes) === text ? bytes : undefined
}

/** Encodes bytes, at most some ten thousand. */
export function encodeBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}
