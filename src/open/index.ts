/** The public entry `nspawn-rootfs/open`: looks into images without unpacking them. */

export { type ByteString, decodeText, encodeText } from '../bytes/index.ts'
export { OpenError, type OpenErrorCode } from './errors.ts'
export type {
  MemberOptions,
  MembersOptions,
  OpenedImage,
  StoredPath,
  StorePathOptions,
  VerifiedPath,
  WalkOptions,
} from './image.ts'
export type { ImageMember, MemberInPlace } from './members.ts'
export { type OpenOptions, openImage } from './open.ts'
export type { RandomAccess } from './source.ts'
