import type { ByteString } from '../bytes/index.ts'
import type { DirectoryNode, FileNode, SymlinkNode } from './node.ts'

/** An entry of an image that does not come out of a store path. */
export type TreeEntry = (DirectoryNode | (FileNode & { readonly contents: Uint8Array }) | SymlinkNode) & {
  /** Relative path in the image, without `./` in front or `/` behind. */
  readonly path: ByteString
  /** The origin of the entry, for messages about two that collide. */
  readonly origin: string
  /** Owner and group. Default 0. */
  readonly uid?: number
  readonly gid?: number
}
