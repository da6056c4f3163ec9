import type { LoginPrograms } from './gettys.ts'

/** A unit file of an image: of its store paths, or one of its other entries. */
export interface FoundUnit {
  /** Empty for a unit that is masked: a symlink to `/dev/null`, or an empty file. */
  readonly text: string
  /** Its path in the image. */
  readonly path: string
  /** Whether it lies where an administrator puts units: who declared the image wants it as it is. */
  readonly isOwn: boolean
  /** The texts of its drop-ins, in the order in which systemd reads them. */
  readonly dropIns: readonly string[]
}

/** Where units go in an image, and what is known there. */
export interface UnitSite {
  /** Whether a NixOS system manages /etc, and `/etc/systemd/system` in it. */
  readonly isNixos: boolean
  /** Absolute path of the folder for units, such as `/etc/systemd/system`. */
  readonly unitFolder: string
  /** The folder for units that override those of the store paths; may be the same. */
  readonly overridingFolder: string
  /**
   * The programs of a login there; `undefined` if the image lacks one. To look for them may take a download, so it is
   * asked only if a unit is to be written.
   */
  findPrograms(): Promise<LoginPrograms | undefined>
  /** Whether the image has a program at an absolute path. */
  hasProgram(path: string): Promise<boolean>
  /**
   * A unit file of the image, or a symlink in one of its `.wants` folders, by its name in a folder for units: the first one on
   * systemd's search path.
   */
  findUnit(file: string): Promise<FoundUnit | undefined>
  /** Whether an entry of the image is a unit file in a folder that the NixOS system replaces at each boot. */
  isLost(file: string): Promise<boolean>
  /** Whether the first boot of the system ends: whether its ID is written to disk then (machine-id(5)). */
  endsFirstBoot(): Promise<boolean>
}
