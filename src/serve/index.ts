export { ServeError, type ServeErrorCode } from './errors.ts'
export type { ServeLimits } from './limits.ts'
export { pullLines } from './pull-lines.ts'
export { type FolderServer, type ServeOptions, serveFolder } from './serve.ts'
