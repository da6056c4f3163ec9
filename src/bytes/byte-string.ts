declare const brand: unique symbol

/**
 * A string in which every character stands for one byte (0 to 255).
 *
 * Paths and link targets on Linux are bytes, not text: they need not be valid UTF-8. Held as one-byte strings they
 * lose nothing, `<` compares them bytewise (as GNU tar and Nix order names), and V8 stores and compares them as
 * plain memory.
 *
 * The brand exists for the compiler only: it rejects text where bytes are meant. {@link encodeText} makes a byte string
 * of text, {@link decodeByteString} one of bytes.
 */
export type ByteString = ByteStringMethods & string & { readonly [brand]: true }

/** Methods of a string that return parts of it: a part of a byte string is a byte string. */
export interface ByteStringMethods {
  slice(start?: number, end?: number): ByteString
  split(separator: string | RegExp, limit?: number): ByteString[]
  /** The match and its groups. */
  match(pattern: RegExp): readonly (ByteString | undefined)[] | null
  /** Removes what matches. */
  replace(pattern: RegExp, nothing: ''): ByteString
}

/** Above this length one call with many characters is faster than many with one: measured at 4, 12 and 50. */
const SHORT = 24

/** The byte string of a range of `bytes`. Throws `RangeError` for one that is not within them. */
export function decodeByteString(bytes: Uint8Array, start = 0, end = bytes.length): ByteString {
  if (!(start >= 0 && end <= bytes.length)) {
    throw new RangeError(`bytes ${start} to ${end} are not within the ${bytes.length} that there are`)
  }
  let text = ''
  if (end - start <= SHORT) {
    for (let at = start; at < end; at++) text += String.fromCharCode(bytes[at])
    return text as ByteString
  }
  // String.fromCharCode takes its characters as arguments, and an engine limits how many: feed it slices.
  for (let at = start; at < end; at += 4096) {
    const slice: ArrayLike<number> = bytes.subarray(at, Math.min(at + 4096, end))
    text += String.fromCharCode.apply(null, slice as number[])
  }
  return text as ByteString
}

/** The bytes of a byte string. Throws `RangeError` if a character is not one byte: see {@link encodeText}. */
export function encodeByteString(text: ByteString): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length)
  writeByteString(bytes, 0, text)
  return bytes
}

/** Writes a byte string into `target` at `offset` and returns the offset behind it. Throws as {@link encodeByteString}. */
export function writeByteString(target: Uint8Array, offset: number, text: ByteString): number {
  for (let i = 0; i < text.length; i++) {
    const byte = text.charCodeAt(i)
    if (byte > 0xff) throw new RangeError(`not a byte string: ${JSON.stringify(text)} holds U+${byte.toString(16)}`)
    target[offset + i] = byte
  }
  return offset + text.length
}

const utf8Encoder = new TextEncoder()
const utf8Decoder = new TextDecoder()

/** The byte string of a text's UTF-8 bytes. Text that is all ASCII is its own byte string. */
export function encodeText(text: string): ByteString {
  return isAscii(text) ? (text as ByteString) : decodeByteString(utf8Encoder.encode(text))
}

/** A byte string as text for people to read; bytes that are not UTF-8 become U+FFFD. */
export function decodeText(bytes: ByteString): string {
  return isAscii(bytes) ? bytes : utf8Decoder.decode(encodeByteString(bytes))
}

/** Whether every character is ASCII, so that text and byte string are the same. */
export function isAscii(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII is what is asked for
  return /^[\x00-\x7f]*$/.test(text)
}

/** Orders byte strings bytewise; for `Array.prototype.sort`. */
export function compareByteStrings(a: ByteString, b: ByteString): number {
  return a < b ? -1 : a > b ? 1 : 0
}
