import {
  assembleBlock,
  computeCheck,
  createLzma2Encoder,
  createStreamWriter,
  encodeX86Branches,
  gainsFromX86Branches,
  LZMA2_ENCODER,
  type Lzma2Encoder,
  type Lzma2Level,
  lzma2DictionarySize,
  lzma2Filter,
  x86Filter,
} from '../xz/index.ts'
import type { Container } from './container.ts'

/** As much as the encoder takes. Nothing is found behind the start of a block. */
const BLOCK_SIZE = 16 * 1024 * 1024

const CHECK = 'crc64'

/** The encoder of this thread, with the memory that it works in. */
let encoder: Lzma2Encoder | undefined

/** `.tar.xz`: one stream, with both sizes in the header of every block. A block's note is its unpadded size. */
export const xzContainer: Container = {
  suffix: '.tar.xz',
  blockSize: BLOCK_SIZE,
  describe: level => `xz, LZMA2 by ${LZMA2_ENCODER}, level ${level}, x86 branches where it pays, ${CHECK}`,
  blocks: {
    encode(bytes, level) {
      encoder ??= createLzma2Encoder()
      const input = encoder.input(bytes.length)
      input.set(bytes)
      const converts = gainsFromX86Branches(input)
      if (converts) encodeX86Branches(input)
      const lzma2 = lzma2Filter(lzma2DictionarySize(level as Lzma2Level, bytes.length))
      const block = assembleBlock({
        filters: converts ? [x86Filter(), lzma2] : [lzma2],
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
}
