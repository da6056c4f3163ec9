import { type ByteString, encodeByteString } from '../src/bytes/index.ts'

/** The byte string that a test spells with one character a byte, such as `'\xff'`. Throws `RangeError` for others. */
export function latin1(characters: string): ByteString {
  const bytes = characters as ByteString
  encodeByteString(bytes)
  return bytes
}
