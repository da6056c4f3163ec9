export type { DirectoryEntry, FileEntry, SymlinkEntry, TreeEntry } from './entry.ts'
export { TreeConflictError } from './errors.ts'
export { comparePaths } from './order.ts'
export { createTree } from './tree.ts'
