import { NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/**
 * What is wrong with the bytes:
 *
 * - `XZ_TRUNCATED`: they end inside a field.
 * - `XZ_MAGIC`: not a stream header or footer.
 * - `XZ_CRC32`: a header, index or footer does not match its own CRC32.
 * - `XZ_VLI`: a variable-length integer is longer than it needs to be, or longer than nine bytes.
 * - `XZ_TOO_LARGE`: a size of 2^53 bytes or more, which JavaScript cannot count exactly; or a larger dictionary than is kept.
 * - `XZ_PADDING`: padding that is not zero.
 * - `XZ_SIZE`: a size that no field can have, such as an empty block.
 * - `XZ_MISMATCH`: two parts that must agree do not.
 * - `XZ_CHECK`: the data does not match the block's check.
 * - `XZ_LZMA2`: the compressed data is not a sequence of LZMA2 chunks.
 * - `XZ_UNSUPPORTED`: sound, as far as can be told, but with a feature that this library does not know.
 */
export type XzErrorCode =
  /** The bytes end too early. */
  | 'XZ_TRUNCATED'
  /** They do not begin or end as a stream does. */
  | 'XZ_MAGIC'
  /** A header, index or footer does not match its CRC32. */
  | 'XZ_CRC32'
  /** An integer is longer than any is. */
  | 'XZ_VLI'
  /** A size is larger than any file has. */
  | 'XZ_TOO_LARGE'
  /** Padding is not zero, or not as long as it has to be. */
  | 'XZ_PADDING'
  /** A block has another size than stated, or one that no block has. */
  | 'XZ_SIZE'
  /** Two parts of the file contradict each other. */
  | 'XZ_MISMATCH'
  /** The contents of a block do not match its check. */
  | 'XZ_CHECK'
  /** Compressed data is damaged. */
  | 'XZ_LZMA2'
  /** The file needs what the format has only reserved, or what is not known here. */
  | 'XZ_UNSUPPORTED'

/** Bytes that are not a valid part of an .xz file. What encoders are given wrongly is a `RangeError` instead. */
export class XzError extends NspawnRootfsError<OpenCode<XzErrorCode>> {}

nameErrors(XzError, 'XzError')
