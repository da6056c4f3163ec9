export { build, type ImageBuild } from './job.ts'
export { BUILD_OPTIONS, type BuildOptions } from './options.ts'
export type { ImageFiles, ImageResult } from './result.ts'
