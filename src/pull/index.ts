export { PullError, type PullErrorCode } from './errors.ts'
export { type PullOptions, type PullProgress, VERIFICATIONS, type Verify } from './options.ts'
export { pullImage } from './pull.ts'
export type { PulledImage } from './pull-published.ts'
