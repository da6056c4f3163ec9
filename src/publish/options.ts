import type { BuildOptions, ImageFiles } from '../image/index.ts'
import type { Progress } from '../produce/index.ts'
import type { SigningKey } from '../signing/index.ts'
import type { Warning } from '../warning.ts'

/** How images are published. */
export interface PublishOptions extends BuildOptions {
  /**
   * Name of the version, newer than all before by the order of systemd. Default: the date in UTC, such as `2026-11-25`, with
   * a number behind it for further ones of a day; or the newest with a number behind it, if that is newer than the date.
   */
  readonly version?: string
  /** The URL of the folder for others: then there is a `NAME.transfer` for each image, for `systemd-sysupdate`. */
  readonly url?: string
  /** How many versions are left in the folder. Default: all. */
  readonly keep?: number
  /** Who signs SHA256SUMS. Default: whom the specs name, if they agree. */
  readonly signing?: SigningKey
  /** Called with the progress of the image that is being built, as a listener of a build is. */
  readonly onProgress?: (progress: Progress) => void
  /** Called with each image once it is built. If it throws, or returns a promise that rejects, nothing is published. */
  readonly onImage?: (image: ImageFiles) => void
}

/** What became of a publication. */
export interface Publication {
  /** The folder that was published into. */
  readonly folder: string
  /** The newest version. */
  readonly version: string
  /** Whether it was made now. Images that are what they were in the version before are not published again. */
  readonly isNew: boolean
  /** The newest version before; absent for the first. */
  readonly previous?: string
  /** Names of the image files. */
  readonly images: readonly string[]
  /** Whether SHA256SUMS is signed. */
  readonly isSigned: boolean
  /** Those of the builds, and what keeps others from pulling the images. */
  readonly warnings: readonly Warning[]
  /** Names of the transfers for `systemd-sysupdate`. */
  readonly transfers: readonly string[]
  /** Names of the versions that were removed. */
  readonly removed: readonly string[]
}
