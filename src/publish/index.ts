export { PublishError, type PublishErrorCode } from './errors.ts'
export type { Publication, PublishOptions } from './options.ts'
export { publishImages } from './publish.ts'
