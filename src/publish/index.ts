export { PublishError, type PublishErrorCode } from './errors.ts'
export { type Publication, type PublishOptions, publishImages } from './publish.ts'
