/**
 * The public entry: builds, publishes, pulls and checks images. `nspawn-rootfs/open` looks into them, `/report` compares and sums up
 * what is in them, and `/nix`, `/tar` and `/xz` are the codecs.
 */

export { CacheError, type CacheErrorCode } from './binary-cache/index.ts'
export {
  type BlockCache,
  BlockCacheError,
  type BlockCacheErrorCode,
  type BlockCacheOptions,
  CACHE_SIZE_MAX,
  type CacheStats,
  type LocalBlockCache,
  openBlockCache,
} from './block-cache/index.ts'
export {
  type ArchiveCheckOptions,
  type ArchiveReport,
  CheckError,
  type CheckErrorCode,
  checkArchive,
  checkDelivery,
  concerns,
  type DeliveryCheckOptions,
  type Finding,
  type ImageCheckOptions,
  RULES,
  type Rule,
  type RuleName,
  type Severity,
  SYSTEMD_VERSIONS,
  type SystemdVersion,
  type SystemdVersions,
  type VersionBounds,
} from './check/index.ts'
export type { ClosureSource } from './closure-source.ts'
export { FORMATS, type ImageFormat } from './compression.ts'
export { DescriptorsError } from './descriptors.ts'
export { DiskError } from './disk/index.ts'
export { HttpError, type HttpErrorCode, type HttpErrorData } from './http-error.ts'
export { type BuildOptions, build, type ImageBuild, type ImageFiles, type ImageResult } from './image/index.ts'
export { ImageError, type ImageErrorCode } from './image-error.ts'
export type { ServerOptions } from './image-source/index.ts'
export {
  type ArtefactDigest,
  type ImageManifest,
  type ManifestBlock,
  type ManifestSegment,
  manifestJsonSchema,
} from './manifest/index.ts'
export { NarFileError, type NarFileErrorCode } from './nar-file/index.ts'
export { NixError, type NixErrorCode } from './nix/index.ts'
export { type ErrorText, NspawnRootfsError, type OpenCode } from './nspawn-rootfs-error.ts'
export { type ImageEntry, type ImageEntryBase, type ImageSpec, SYSTEMS, type System } from './plan/index.ts'
export { ThreadError, type ThreadErrorCode } from './pool/index.ts'
export type { FetchProgress, Progress } from './produce/index.ts'
export {
  type Publication,
  PublishError,
  type PublishErrorCode,
  type PublishOptions,
  publishImages,
} from './publish/index.ts'
export {
  PullError,
  type PullErrorCode,
  type PulledImage,
  type PullOptions,
  type PullProgress,
  pullImage,
  VERIFICATIONS,
  type Verify,
} from './pull/index.ts'
export {
  type FolderServer,
  pullLines,
  ServeError,
  type ServeErrorCode,
  type ServeLimits,
  type ServeOptions,
  serveFolder,
} from './serve/index.ts'
export {
  generateKeyPair,
  type KeyOwner,
  type KeyPair,
  SigningError,
  type SigningErrorCode,
  type SigningKey,
} from './signing/index.ts'
export {
  type DefineOptions,
  define,
  FLAVOURS,
  type Flavour,
  type ImageDeclaration,
  imageJsonSchema,
  type Position,
  type RestrictionOptions,
  readOverlay,
  SpecError,
  type SpecErrorCode,
  type SpecProblem,
  type StarterOptions,
  starterFiles,
} from './spec/index.ts'
export { StoreError, type StoreErrorCode } from './store/index.ts'
export {
  checkImageName,
  type MachineIdPolicy,
  machineNameOf,
  type NspawnSettings,
  SystemdError,
  type SystemdErrorCode,
  type SystemdStubs,
  TRUSTED_SETTINGS_FOLDER,
  type UnitStub,
} from './systemd/index.ts'
export { TarError, type TarErrorCode } from './tar/index.ts'
export { TreeConflictError } from './tree/index.ts'
export type { DetectedCompression } from './unpack/index.ts'
export { VERSION } from './version.ts'
export type { Warning, WarningCode } from './warning.ts'
export { XzError, type XzErrorCode } from './xz/index.ts'
