export { build, type ImageBuild } from './build.ts'
export { BUILD_OPTIONS, type BuildOptions } from './options.ts'
export type { ImageFiles, ImageResult } from './result.ts'
