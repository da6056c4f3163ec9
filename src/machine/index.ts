export { MachineError, type MachineErrorCode } from './errors.ts'
export { type ImportRequest, importImage, importLines } from './import-image.ts'
