import { NspawnRootfsError, nameErrors } from '../nspawn-rootfs-error.ts'

/** Two entries want the same path, or one wants to lie inside something that is no directory. */
export class TreeConflictError extends NspawnRootfsError<'TREE_CONFLICT'> {
  /** The contested path, as text: absolute in the image. */
  readonly path: string
  /** The origins of both entries. */
  readonly origins: readonly [string, string]

  constructor(path: string, origins: readonly [string, string], what: string) {
    super('TREE_CONFLICT', `${path}: ${what}: ${origins[0]} and ${origins[1]} both want it; only one can have it`)
    this.path = path
    this.origins = origins
  }
}

nameErrors(TreeConflictError, 'TreeConflictError')
