export { isHttp, openAccess, SERVER_OPTIONS, type ServerOptions } from './access.ts'
export { OpenError, type OpenErrorCode } from './errors.ts'
export { type ImageSource, openFile, openUrl, type RandomAccess, sourceOf } from './source.ts'
