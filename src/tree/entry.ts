import type { ByteString } from '../bytes/index.ts'

/** What every entry of a tree has. */
interface EntryBase {
  /** Relative path in the image, without `./` in front or `/` behind. */
  path: ByteString
  /** Who asked for the entry, for people to read: named when two entries collide. */
  origin: string
  /** Owner and group. Default 0. */
  uid?: number
  gid?: number
}

/** A directory. */
export interface DirectoryEntry extends EntryBase {
  type: 'directory'
  /** Permission bits. */
  mode: number
}

/** A regular file, with its contents in memory. */
export interface FileEntry extends EntryBase {
  type: 'file'
  /** Permission bits. */
  mode: number
  contents: Uint8Array
}

/** A symbolic link. */
export interface SymlinkEntry extends EntryBase {
  type: 'symlink'
  /** Where the link points to, as it is stored: relative, or absolute in the image. */
  target: ByteString
}

/** An entry of an image that does not come out of a store path. */
export type TreeEntry = DirectoryEntry | FileEntry | SymlinkEntry

/** Permission bits of a directory that exists only because something lies in it. */
export const IMPLIED_DIRECTORY_MODE = 0o755
