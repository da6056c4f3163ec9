export { openAccess, SERVER_OPTIONS, type ServerOptions } from './access.ts'
export { companionOf, readCompanion } from './companion.ts'
export { OpenError, type OpenErrorCode } from './errors.ts'
export {
  IMAGE_SIZE_MAX,
  type ImageSource,
  openFile,
  openUrl,
  type RandomAccess,
  type ReadOptions,
  sourceOf,
} from './source.ts'
