export {
  type ByteString,
  type ByteStringMethods,
  decodeByteString,
  decodeText,
  encodeByteString,
  encodeText,
} from '../bytes/index.ts'
export type { OpenCode } from '../nspawn-rootfs-error.ts'
export {
  encodeTarHeader,
  type TarEntry,
  type TarEntryType,
  tarEntrySize,
  tarHeaderSize,
  writeTarHeader,
} from './entry.ts'
export { TarError, type TarErrorCode } from './errors.ts'
export { TAR_BLOCK_SIZE, TAR_RECORD_SIZE, tarEndSize, tarPaddedSize, tarPadding, writeZeros } from './layout.ts'
export type { Xattrs } from './pax.ts'
