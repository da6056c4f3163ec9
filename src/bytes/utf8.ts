/** Text as UTF-8; bytes as they are. */
export function utf8Bytes(contents: string | Uint8Array): Uint8Array {
  return typeof contents === 'string' ? new TextEncoder().encode(contents) : contents
}

/** Bytes as the text that they are in UTF-8, with U+FFFD for bytes that are not; text as it is. */
export function utf8Text(contents: string | Uint8Array): string {
  return typeof contents === 'string' ? contents : new TextDecoder().decode(contents)
}
