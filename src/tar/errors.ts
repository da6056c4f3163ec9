import { NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/** Faults of an entry: a field that the format cannot hold, or a path that no importer takes. */
export type TarErrorCode =
  /** A path cannot be one of an archive. */
  | 'TAR_PATH_INVALID'
  /** A value does not fit into its field. */
  | 'TAR_FIELD_INVALID'

/** An entry that cannot be written to a tar archive. */
export class TarError extends NspawnRootfsError<OpenCode<TarErrorCode>> {
  /** The path of the entry, as text. */
  readonly path: string

  constructor(code: TarErrorCode, path: string, message: string) {
    super(code, message)
    this.path = path
  }
}

nameErrors(TarError, 'TarError')
