import { type ErrorText, NspawnRootfsError, nameErrors, type OpenCode } from './nspawn-rootfs-error.ts'

/** Faults of an image as a whole. */
export type ImageErrorCode =
  /** A store path has other contents than its NAR hash says. */
  | 'NAR_HASH_MISMATCH'
  /** A store path has another NAR size than stated. */
  | 'NAR_SIZE_MISMATCH'
  /** The toplevel is no NixOS system. */
  | 'TOPLEVEL_INVALID'
  /** The toplevel is for another system than asked for. */
  | 'SYSTEM_MISMATCH'
  /** An entry of the spec cannot be one of an image. */
  | 'ENTRY_INVALID'
  /** systemd would not import the image, or it would not boot. */
  | 'UNFIT'
  /** The output folder cannot be written, or holds what must not be replaced. */
  | 'OUTPUT_FAILED'
  /** Bytes were streamed that are no longer those of the image. */
  | 'STREAM_OUTDATED'

/** An image that cannot be built as asked, or not be written. */
export class ImageError extends NspawnRootfsError<OpenCode<ImageErrorCode>> {
  /** The store path, entry or output file in question. */
  readonly path: string

  constructor(code: OpenCode<ImageErrorCode>, path: string, message: ErrorText, options?: ErrorOptions) {
    super(code, message, options)
    this.path = path
  }
}

nameErrors(ImageError, 'ImageError')
