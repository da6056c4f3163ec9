export type { OpenCode } from '../nspawn-rootfs-error.ts'
export { assembleBlock, type Block, type BlockParts, type BlockView, decodeBlock } from './block.ts'
export {
  type BlockHeader,
  type DecodedBlockHeader,
  decodeBlockHeader,
  encodeBlockHeader,
} from './block-header.ts'
export {
  type Check,
  type ComputableCheck,
  checkId,
  checkOfId,
  checkSize,
  computeCheck,
  type Sha256,
  verifyCheck,
} from './check.ts'
export { keepCode } from './code.ts'
export { XzError, type XzErrorCode } from './errors.ts'
export { createXzDecoder, type XzDecoder, type XzDecoderOptions } from './file-decoder.ts'
export { ARM64_BRANCHES, type BranchConverter, X86_BRANCHES } from './filters/branches.ts'
export {
  dictionarySizeOf,
  FILTER_ARM64,
  FILTER_DELTA,
  FILTER_LZMA2,
  FILTER_X86,
  type Filter,
  lzma2Filter,
} from './filters/filter-flags.ts'
export {
  createLoneBlockDecoder,
  decodeLoneBlock,
  type LoneBlockDecoder,
  type LoneBlockOptions,
} from './lone-block.ts'
export { createLzma2Encoder, LZMA2_BLOCK_SIZE_MAX, LZMA2_ENCODER, type Lzma2Encoder } from './lzma2/encoder.ts'
export { type Lzma2Level, lzma2DictionarySize } from './lzma2/levels.ts'
export { type Lzma2Sizes, measureLzma2, sizeOfFirstChunks } from './lzma2-chunks.ts'
export {
  type BlockLocation,
  createStreamWriter,
  describeStream,
  locateBlocks,
  type StreamDescription,
  type StreamEnds,
  type StreamWriter,
} from './stream.ts'
export {
  BACKWARD_SIZE_MAX,
  decodeStreamFooter,
  decodeStreamHeader,
  encodeStreamFooter,
  encodeStreamHeader,
  STREAM_HEADER_SIZE,
  type StreamFlags,
  type StreamFooter,
} from './stream-flags.ts'
export { decodeIndex, encodeIndex, type IndexRecord, paddedSize, UNPADDED_SIZE_MIN } from './stream-index.ts'
export { type DecodedVli, decodeVli, encodeVli, sizeOfVli, VLI_MAX_SIZE, writeVli } from './vli.ts'
