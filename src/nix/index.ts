export {
  type ByteString,
  type ByteStringMethods,
  decodeByteString,
  decodeText,
  encodeByteString,
  encodeText,
} from '../bytes/index.ts'
export type { OpenCode } from '../nspawn-rootfs-error.ts'
export { type CacheInfo, parseCacheInfo } from './cache-info.ts'
export {
  type ContentAddress,
  type ContentCheck,
  contentAddressOf,
  contentCheckOf,
  type HashAlgorithm,
  isContentAddressed,
  storePathOfContentAddress,
} from './content-address.ts'
export { NixError, type NixErrorCode, type NixErrorData } from './errors.ts'
export { createExportReader, type ExportedPath, type ExportReader } from './export-stream.ts'
export { createGitHash, type GitHash } from './git-hash.ts'
export {
  formatSha256Base16,
  formatSha256Nix32,
  formatSha256Sri,
  type NarHash,
  narHashBytes,
  narHashFromBytes,
  parseNarHash,
  parseSha256,
} from './hash.ts'
export { type PublicKey, parsePublicKey, parsePublicKeys, parseSecretKey, type SecretKey } from './keys.ts'
export { createModuloHash, type ModuloHash } from './modulo-hash.ts'
export { NAR_MAX_DEPTH, NAR_MAX_NAME, NAR_MAX_TARGET } from './nar.ts'
export { createNarReader, type NarEvent, type NarReader } from './nar-reader.ts'
export { createNarWriter, type NarWriter } from './nar-writer.ts'
export { formatNarInfo, type NarInfo, parseNarInfo } from './narinfo.ts'
export { decodeNixBase32, encodeNixBase32, NIXBASE32_ALPHABET } from './nixbase32.ts'
export type { PathInfo } from './path-info.ts'
export { parsePathInfoJson } from './path-info-json.ts'
export { formatRegistration, parseRegistration, type RegistrationItem, walkRegistration } from './registration.ts'
export { fingerprintOf, isSignedBy, type SignedInfo, signPathInfo } from './signature.ts'
export {
  compareStorePaths,
  DEFAULT_STORE_DIR,
  parseStorePath,
  parseStorePathBaseName,
  type StorePath,
} from './store-path.ts'
