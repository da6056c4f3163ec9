/** The public entry `nspawn-rootfs/report`: what is in an image, and what differs between two, as data. */

export type { OpenCode } from '../nspawn-rootfs-error.ts'
export { describeFileChange } from './diff/describe.ts'
export { type DiffOptions, diffImages } from './diff/diff.ts'
export type {
  ComparedImage,
  FileAspect,
  FileChange,
  FileChanges,
  FileState,
  ImageDiff,
  PackageChange,
  PackageChangeKind,
  WithoutDiff,
} from './diff/image-diff.ts'
export { formatDiffMarkdown } from './diff/markdown.ts'
export { type DiffPageOptions, diffPage } from './diff/page.ts'
export { type DiffSection, type DiffSections, diffSections } from './diff/sections.ts'
export { ReportError, type ReportErrorCode } from './errors.ts'
export { compareVersions, type PackageName, parseDrvName, parsePackageName } from './package-name.ts'
export type { CycloneDxComponent, CycloneDxDocument, CycloneDxProperty } from './sbom/cyclonedx.ts'
export { createSbom, SBOM_FORMATS, type SbomFormat, type SbomOptions } from './sbom/sbom.ts'
export type { SpdxDocument, SpdxPackage } from './sbom/spdx.ts'
export { explainPath, type PathReason } from './sizes/explain.ts'
export { type ImageSizes, measureImage, type PartSizes, type PathSizes } from './sizes/measure.ts'
export { type SizesPageOptions, sizesPage } from './sizes/page.ts'
