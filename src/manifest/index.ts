export { importedLinesOf, mergeChecksums, parseChecksums } from './checksums.ts'
export {
  type ArtefactDigest,
  type FileLayout,
  formatManifest,
  type ImageManifest,
  MANIFEST_SIZE_MAX,
  type ManifestBlock,
  type ManifestSegment,
  parseArtefacts,
  parseManifest,
} from './manifest.ts'
export { coverFile, coverTar, partsBetween, type TarPart, tarEndOf } from './parts.ts'
export { manifestJsonSchema } from './schema.ts'
