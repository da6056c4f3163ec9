/** The public entry `nspawn-rootfs/open`: looks into images without unpacking them. */

export { type ByteString, decodeText, encodeText } from '../bytes/index.ts'
export {
  OpenError,
  type OpenErrorCode,
  type RandomAccess,
  type ReadOptions,
  type ServerOptions,
} from '../image-source/index.ts'
export type { OpenCode } from '../nspawn-rootfs-error.ts'
export type { StoredPath } from '../stored-paths.ts'
export type { DetectedCompression } from '../unpack/index.ts'
export { ExtractError, type ExtractErrorCode } from './extract/errors.ts'
export {
  type ExtractOptions,
  type ExtractProgress,
  type ExtractResult,
  extract,
  type LeftOut,
} from './extract/extract.ts'
export type { MemberOptions } from './finder.ts'
export type { MembersOptions, OpenedImage, WalkOptions } from './image.ts'
export type { FilePart } from './member-contents.ts'
export type { ImageMember, MemberInPlace } from './members.ts'
export { type OpenOptions, openImage } from './open.ts'
export type { VerifiedPath } from './verify.ts'
