import type { ImageCompression } from '../compression.ts'
import {
  ARM64_BRANCHES,
  assembleBlock,
  type BranchConverter,
  computeCheck,
  createLzma2Encoder,
  createStreamWriter,
  decodeLoneBlock,
  LZMA2_ENCODER,
  type Lzma2Encoder,
  type Lzma2Level,
  lzma2DictionarySize,
  lzma2Filter,
  X86_BRANCHES,
} from '../xz/index.ts'
import type { Container } from './container.ts'

/** As much as the encoder takes. Nothing is found behind the start of a block. */
const BLOCK_SIZE = 16 * 1024 * 1024

const CHECK = 'crc64'

/** The encoder of this thread, with the memory that it works in. */
let encoder: Lzma2Encoder | undefined

/** Filters for a block, tried in order; the first that gains is taken. */
function convertersOf(arm64Branches: boolean): BranchConverter[] {
  return arm64Branches ? [X86_BRANCHES, ARM64_BRANCHES] : [X86_BRANCHES]
}

/** `.tar.xz`: one stream, with both sizes in the header of every block. A block's note is its unpadded size. */
export const xzContainer = ({ level, arm64Branches }: ImageCompression & { readonly format: 'tar.xz' }): Container => ({
  suffix: '.tar.xz',
  blockSize: BLOCK_SIZE,
  description:
    `xz, LZMA2 by ${LZMA2_ENCODER}, level ${level}, ${arm64Branches ? 'x86 and ARM64' : 'x86'} branches where it pays, ` +
    CHECK,
  blocks: {
    encode(bytes) {
      encoder ??= createLzma2Encoder()
      const input = encoder.input(bytes.length)
      input.set(bytes)
      const converter = convertersOf(arm64Branches).find(({ gains }) => gains(input))
      converter?.encode(input)
      const lzma2 = lzma2Filter(lzma2DictionarySize(bytes.length))
      const block = assembleBlock({
        filters: converter ? [converter.filter, lzma2] : [lzma2],
        compressed: [encoder.encodeInput(bytes.length, level as Lzma2Level)],
        uncompressedSize: bytes.length,
        check: CHECK,
        checkValue: computeCheck(CHECK, bytes),
      })
      return {
        pieces: block.pieces,
        uncompressedSize: bytes.length,
        note: block.record.unpaddedSize,
      }
    },
    decode: (bytes, { uncompressedSize, note }) =>
      decodeLoneBlock(bytes, { unpaddedSize: note, uncompressedSize }, CHECK),
    createAssembler() {
      const stream = createStreamWriter(CHECK)
      return {
        begin: () => stream.header(),
        add: ({ uncompressedSize, note }) =>
          stream.add({ check: CHECK, record: { unpaddedSize: note, uncompressedSize } }),
        end: () => stream.end(),
      }
    },
  },
})
