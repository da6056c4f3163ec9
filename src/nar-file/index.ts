export {
  type Access,
  type AccessOptions,
  type Credentials,
  createAccess,
  type DocumentOptions,
  type Login,
  type OpenOptions,
} from './access.ts'
export { SUPPORTED_COMPRESSIONS } from './decompress.ts'
export { NarFileError, type NarFileErrorCode } from './errors.ts'
export type { NarFile, NarSubject } from './nar-file.ts'
export { openNarFile } from './open.ts'
export { readNarFile } from './read.ts'
