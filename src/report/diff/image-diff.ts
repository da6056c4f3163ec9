/** The differences between two images, as plain data. */
import type { ImageMember } from '../../open/index.ts'

/** The differences of two images. */
export interface ImageDiff {
  /** Whether nothing differs. How an image is compressed, and times of files, do not count. */
  readonly isSame: boolean
  readonly old: ComparedImage
  readonly new: ComparedImage
  /** By name. */
  readonly packages: readonly PackageChange[]
  /** Files outside of store paths. */
  readonly files: FileChanges
  /**
   * Files of `/etc` that the NixOS system brings, with units of systemd below `/etc/systemd`: symlinks are followed into the
   * store. Empty unless both images have a system.
   */
  readonly configuration: FileChanges
  /** The settings of systemd-nspawn, if they were given and differ. */
  readonly settings?: FileChange
}

/** An image that was compared. */
export interface ComparedImage {
  /** Bytes of the file, and how many of them were read. */
  readonly size: number
  readonly bytesRead: number
  /** The store path of the NixOS system, if it has one. */
  readonly toplevel?: string
  /** How many store paths are registered, and the sum of their NARs in bytes. */
  readonly storePaths: number
  readonly narSize: number
}

/** How the versions of a package changed. */
export type PackageChangeKind =
  | 'added'
  | 'removed'
  | 'upgraded'
  | 'downgraded'
  /** Its versions changed, but are neither newer nor older: there is one more of several, or they are no versions. */
  | 'changed'
  /** The versions are the same, and the store paths or their contents are others. */
  | 'rebuilt'

/** All store paths of one name, outputs included, grouped as `nix store diff-closures` does. */
export interface PackageChange {
  readonly name: string
  readonly kind: PackageChangeKind
  /** Versions that only one of the images has, oldest first. The empty text stands for none. */
  readonly oldVersions: readonly string[]
  readonly newVersions: readonly string[]
  /** Store paths that only one of the images has, or that have other contents in the other. */
  readonly oldPaths: readonly string[]
  readonly newPaths: readonly string[]
  /** Bytes of NAR of all store paths of the name. */
  readonly oldNarSize: number
  readonly newNarSize: number
  /** Bytes of the image files that they take, about: a block may hold several. Absent unless both have a manifest. */
  readonly oldFileSize?: number
  readonly newFileSize?: number
}

/** Files that differ. */
export interface FileChanges {
  /** By path. Of more than 2000, those that come first in the image. */
  readonly changes: readonly FileChange[]
  /** How many more there are. */
  readonly omitted: number
}

/** The kinds of differences between two files. */
export type FileAspect = 'type' | 'mode' | 'owner' | 'target' | 'device' | 'contents'

/**
 * Why a difference is not shown: a file is no text, it is large or too different, or it is the registration, whose store
 * paths are listed as packages.
 */
export type WithoutDiff = 'binary' | 'large' | 'registration'

/** A file that differs. */
export interface FileChange {
  /** Such as `/etc/hostname`. */
  readonly path: string
  readonly kind: 'added' | 'removed' | 'changed'
  /** The differences, if both images have the file. */
  readonly aspects: readonly FileAspect[]
  /** Absent where the file is added. */
  readonly old?: FileState
  /** Absent where the file is removed. */
  readonly new?: FileState
  /** The difference of two texts in unified form, without its two first lines that name files. */
  readonly diff?: string
  /** Why contents differ and no `diff` shows how. */
  readonly withoutDiff?: WithoutDiff
  /** Whether its contents or target differ in the digests of store paths alone, as those of most units do at each build. */
  readonly isOnlyDigests?: true
}

/** A file in one of the images. */
export interface FileState {
  readonly type: ImageMember['type']
  /** Permission bits. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes of a file, else 0. */
  readonly size: number
  /** Where a symlink leads, or the file that a hard link is another name of. */
  readonly target?: string
  /** Major and minor number of a device, with a comma. */
  readonly device?: string
}
