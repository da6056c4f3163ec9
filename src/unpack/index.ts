export { type ByteInput, createByteInput } from './byte-input.ts'
export {
  COMPRESSIONS,
  type Compression,
  type DetectedCompression,
  detectCompression,
  MARK_SIZE,
} from './compression.ts'
export { UnpackError, type UnpackErrorCode } from './errors.ts'
export { DICTIONARY_KEPT, limitExpansion, UNPACK_LIMITS } from './limits.ts'
export type { UnpackEvent } from './options.ts'
export { unpack, unpackWith } from './unpack.ts'
