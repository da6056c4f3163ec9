import { type ErrorText, NspawnRootfsError, nameErrors, type Open } from './nspawn-rootfs-error.ts'

/** Faults of an image as a whole. */
export type ImageErrorCode =
  | 'NAR_HASH_MISMATCH'
  | 'NAR_SIZE_MISMATCH'
  | 'TOPLEVEL_INVALID'
  | 'SYSTEM_MISMATCH'
  | 'ENTRY_INVALID'
  | 'UNFIT'
  | 'OUTPUT_FAILED'
  /** Bytes were streamed that are no longer those of the image. */
  | 'STREAM_OUTDATED'

/** An image that cannot be built as asked, or not be written. */
export class ImageError extends NspawnRootfsError<Open<ImageErrorCode>> {
  /** The store path, entry or output file in question. */
  readonly path: string

  constructor(code: Open<ImageErrorCode>, path: string, message: ErrorText, options?: ErrorOptions) {
    super(code, message, options)
    this.path = path
  }
}

nameErrors(ImageError, 'ImageError')
