export {
  type ByteString,
  type ByteStringMethods,
  compareByteStrings,
  decodeByteString,
  decodeText,
  encodeByteString,
  encodeText,
  isAscii,
  writeByteString,
} from './byte-string.ts'
export { byteString, EMPTY, joinNames, joinPath } from './byte-string-parts.ts'
export { concatBytes } from './concat.ts'
export { crc32, crc32Combine } from './crc32.ts'
export { readU32le, readU64le, writeU32le, writeU64le } from './endian.ts'
export { utf8Bytes, utf8Text } from './utf8.ts'
