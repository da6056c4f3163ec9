import type { NarHash } from './hash.ts'
import type { StorePath } from './store-path.ts'

/** The record of a valid store path in a Nix database, as far as an image needs it. Plain data. */
export interface PathInfo {
  readonly path: StorePath
  /** The SHA-256 of the path's contents as a NAR. */
  readonly narHash: NarHash
  /** The length of that NAR in bytes. */
  readonly narSize: number
  /** The store paths that the contents mention, possibly the path itself; in the order of the source. */
  readonly references: readonly StorePath[]
  /** The `.drv` that built it. Absent where the source does not say. */
  readonly deriver?: StorePath
  /** The content address, such as `fixed:r:sha256:<Nix base 32>`. Absent for paths addressed by their inputs. */
  readonly ca?: string
  /** `key-name:base64` each. Absent where the source has no place for them. */
  readonly signatures?: readonly string[]
}
