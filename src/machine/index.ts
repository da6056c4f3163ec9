export { type ImportOutcome, type ImportRequest, importImage, importLines } from './import-image.ts'
