export {
  type Access,
  type AccessOptions,
  type Credentials,
  createAccess,
  type DocumentOptions,
  type Login,
  loadHttp,
} from './access.ts'
export { NarFileError, type NarFileErrorCode, nowhere } from './errors.ts'
export { CACHE_INFO, EXPORT, EXPORT_2, type FileKind, fileKindOf, NAR, NARINFO } from './file-kind.ts'
export type { NarFile, NarSubject } from './nar-file.ts'
export { openNarFile } from './open.ts'
export { readNarFile } from './read.ts'
