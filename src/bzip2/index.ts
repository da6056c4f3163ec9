export { decodeBzip2 } from './decode.ts'
export { Bzip2Error, type Bzip2ErrorCode } from './errors.ts'
