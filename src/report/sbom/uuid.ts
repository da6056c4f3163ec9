import { createHash } from 'node:crypto'

/** A UUID that follows from a document: version 8 of RFC 9562, by the SHA-256 of its JSON. */
export function uuidOf(document: unknown): string {
  const bytes = createHash('sha256').update(JSON.stringify(document)).digest()
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex', 0, 16)
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
