export { splitZstdFrames } from './frames.ts'
