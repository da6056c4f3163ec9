/** Pages in one file that show data of images. What runs in a browser is in `browser`, and bundled by pages.config.ts. */

export { KINDS, kindOf } from './kinds.ts'
export type { SizesData } from './sizes-data.ts'
export { formatSizesPage } from './sizes-page.ts'
