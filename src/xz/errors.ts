import { NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/** What is wrong with the bytes. */
export type XzErrorCode =
  /** They end too early: inside of a field, or where more has to follow. */
  | 'XZ_TRUNCATED'
  /** They do not begin or end as a stream does: there is no stream header, or no footer. */
  | 'XZ_MAGIC'
  /** A header, index or footer does not match its CRC32. */
  | 'XZ_CRC32'
  /** A variable-length integer is longer than it needs to be, or longer than nine bytes. */
  | 'XZ_VLI'
  /** A size is 2^53 bytes or more, which JavaScript cannot count exactly; or a dictionary is larger than is kept. */
  | 'XZ_TOO_LARGE'
  /** Padding is not zero. */
  | 'XZ_PADDING'
  /** A size is one that no field can have, such as that of an empty block. */
  | 'XZ_SIZE'
  /** Two parts that must agree do not, such as a block and the size that the index states. */
  | 'XZ_MISMATCH'
  /** The data of a block does not match its check. */
  | 'XZ_CHECK'
  /** Compressed data is no sequence of LZMA2 chunks, or one of them is damaged. */
  | 'XZ_LZMA2'
  /** The file is sound as far as can be told, but has a feature that is not known here, or that the format has only reserved. */
  | 'XZ_UNSUPPORTED'

/** Bytes that are not a valid part of an .xz file. What encoders are given wrongly is a `RangeError` instead. */
export class XzError extends NspawnRootfsError<OpenCode<XzErrorCode>> {}

nameErrors(XzError, 'XzError')
