/** Pages in one file that show data of images. What runs in a browser is in `browser`, and bundled by pages.config.ts. */

export { CHANGE_KINDS } from './change-kinds.ts'
export type { DiffData, FileData, SideData } from './diff-data.ts'
export { formatDiffPage } from './diff-page.ts'
export { KINDS, kindOf } from './kinds.ts'
export type { SizesData } from './sizes-data.ts'
export { formatSizesPage } from './sizes-page.ts'
