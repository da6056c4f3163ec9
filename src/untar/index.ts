export {
  createTarEntries,
  EXTENDED_MAX,
  type TarBreak,
  type TarEntries,
  type TarEntry,
  type TarObserver,
} from './entries.ts'
export { attributesOf, hasContents, isSparse, normalizePath, typeOf } from './entry.ts'
export { decodeTarHeader } from './header.ts'
export { createHeaderScan } from './header-scan.ts'
export { PAX_NAMES, type PaxHeader, type PaxRecords } from './pax.ts'
export { readSparseFile, readSparseMap, type SparseFile, type SparsePart } from './sparse.ts'
