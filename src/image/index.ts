export { mergeChecksums, parseChecksums } from './checksums.ts'
export { build, type ImageBuild } from './job.ts'
export {
  type ArtefactDigest,
  type ImageManifest,
  MANIFEST_SIZE_MAX,
  type ManifestBlock,
  type ManifestSegment,
  parseManifest,
} from './manifest.ts'
export { manifestJsonSchema } from './manifest-schema.ts'
export { BUILD_OPTIONS, type BuildOptions } from './options.ts'
export type { ImageFiles, ImageResult } from './result.ts'
