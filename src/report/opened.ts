import { withMethods } from '../arguments.ts'

/** Throws `TypeError` unless `value` is an image that `openImage` opened. */
export const checkImage = withMethods('walk', 'member', 'contents', 'storePaths')
