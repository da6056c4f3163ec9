/** Byte strings made of other byte strings and of literals. */
import { type ByteString, isAscii } from './byte-string.ts'

/** The byte string without bytes. */
export const EMPTY = '' as ByteString

/**
 * A template of byte strings: ``byteString`${folder}/etc/os-release` ``. Throws `RangeError` for a literal part that is not
 * ASCII: only an ASCII character is the same as text and as a byte.
 */
export function byteString(literals: TemplateStringsArray, ...values: readonly (ByteString | number)[]): ByteString {
  let bytes = ''
  for (const [i, literal] of literals.entries()) {
    if (!isAscii(literal)) throw new RangeError(`not ASCII: ${JSON.stringify(literal)}: use encodeText`)
    bytes += literal + (values[i] ?? '')
  }
  return bytes as ByteString
}

/** The path of `name` in `folder`. Faster than {@link byteString}, which makes an array. */
export function joinPath(folder: ByteString, name: ByteString): ByteString {
  return `${folder}/${name}` as ByteString
}

/** The path whose components are `names`, the outermost first. */
export function joinNames(names: readonly ByteString[]): ByteString {
  return names.join('/') as ByteString
}
