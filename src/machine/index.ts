export { type ImportRequest, importImage, importLines } from './import-image.ts'
