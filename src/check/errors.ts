import { NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/** Why an image cannot be checked to its end. */
export type CheckErrorCode =
  /** There is no such file, or a disk does not give it. */
  | 'IMAGE_UNREADABLE'
  /** It ends before its data does. */
  | 'IMAGE_TRUNCATED'
  /** It is not what it begins as. */
  | 'IMAGE_CORRUPT'
  /** It holds too much for its size. */
  | 'IMAGE_UNBOUNDED'

/** An image that cannot be read. What is read and found wanting is a `Finding` instead. */
export class CheckError extends NspawnRootfsError<OpenCode<CheckErrorCode>> {}

nameErrors(CheckError, 'CheckError')
