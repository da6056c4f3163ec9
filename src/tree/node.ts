import type { ByteString } from '../bytes/index.ts'

/** A directory. */
export interface DirectoryNode {
  readonly type: 'directory'
  /** Permission bits. */
  readonly mode: number
}

/** A regular file. */
export interface FileNode {
  readonly type: 'file'
  /** Permission bits. */
  readonly mode: number
  /** Bytes of the file. Absent: as many as are in `contents`, or unknown. */
  readonly size?: number
  /** The contents, or their beginning if they are long. Absent: unknown. Reading them may be a read from disk. */
  readonly contents?: Uint8Array
  /** The kind of program by the first bytes, where these are not kept. */
  readonly program?: Program
}

/** A symbolic link. */
export interface SymlinkNode {
  readonly type: 'symlink'
  /** Where the link points to, as it is stored: relative, or absolute in the image. */
  readonly target: ByteString
}

/** A hard link in an archive: in the tree it is the file that it leads to, if it leads to one. */
export interface HardLinkNode {
  readonly type: 'hardlink'
  readonly mode: number
  /** The path of the file in the archive, as it is stored. */
  readonly target?: ByteString
}

/** Something else; `other` is a type that no importer knows. */
export interface SpecialNode {
  readonly type: 'character-device' | 'block-device' | 'fifo' | 'other'
  readonly mode: number
}

/** The node at one path of an image. */
export type ImageNode = DirectoryNode | FileNode | SymlinkNode | HardLinkNode | SpecialNode

/** All types, in the order in which tables number them. */
export const NODE_TYPES: readonly ImageNode['type'][] = [
  ...(['file', 'directory', 'symlink', 'hardlink'] as const),
  ...(['character-device', 'block-device', 'fifo', 'other'] as const),
]

/** A program, as far as its first bytes tell. */
export type Program =
  | { readonly kind: 'elf'; readonly machine: number; readonly interpreter?: ByteString }
  | { readonly kind: 'script'; readonly interpreter: ByteString }
  | { readonly kind: 'unknown' }

/** Whether root may execute a file with these permission bits: one `x` is enough, whoever it is for (access(2)). */
export function isExecutable(mode: number): boolean {
  return (mode & 0o111) !== 0
}

/** The contents of a file; `undefined` if not all of them are known. */
export function wholeContents({ size = 0, contents }: FileNode): Uint8Array | undefined {
  return contents && contents.length >= size ? contents : undefined
}
