/** The public entry `nspawn-rootfs/report`: what is in images, as data. */

export { ReportError, type ReportErrorCode } from './errors.ts'
export { explainPath, type PathReason } from './sizes/explain.ts'
export { type ImageSizes, measureImage, type PartSizes, type PathSizes } from './sizes/measure.ts'
export { type SizesPageOptions, sizesPage } from './sizes/page.ts'
