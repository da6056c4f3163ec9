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
export { readU32le, readU64le, writeU32le, writeU64le } from './endian.ts'
