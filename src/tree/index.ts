export type { TreeEntry } from './entry.ts'
export { TreeConflictError } from './errors.ts'
export { growingMemory, reserveMemory } from './growing.ts'
export { NAME_MAX, PATH_MAX } from './limits.ts'
export {
  type DirectoryNode,
  type FileNode,
  type ImageNode,
  isExecutable,
  NODE_TYPES,
  type Program,
  wholeContents,
} from './node.ts'
export { comparePaths } from './order.ts'
export { createPathTable, NONE, type PathTable, ROOT } from './path-table.ts'
export { type Found, isThere, type Lookup, type Resolution, resolvePath } from './resolve.ts'
export { createTextStore, TEXT_MAX } from './text-store.ts'
export { createTree } from './tree.ts'
