export {
  type ByteString,
  byteStringOfText,
  compareByteStrings,
  decodeByteString,
  encodeByteString,
  isAscii,
  textOfByteString,
  writeByteString,
} from './byte-string.ts'
export { concatBytes } from './concat.ts'
export { crc32, crc32Combine } from './crc32.ts'
export { crc64 } from './crc64.ts'
export { readU32le, readU64le, writeU32le, writeU64le } from './endian.ts'
