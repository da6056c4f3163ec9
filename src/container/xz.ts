import {
  assembleBlock,
  computeCheck,
  createLzma2Encoder,
  createStreamWriter,
  LZMA2_ENCODER,
  type Lzma2Encoder,
  type Lzma2Level,
  lzma2DictionarySize,
  lzma2Filter,
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
  describe: level => `xz, LZMA2 by ${LZMA2_ENCODER}, level ${level}, ${CHECK}`,
  blocks: {
    encode(bytes, level) {
      encoder ??= createLzma2Encoder()
      const block = assembleBlock({
        filters: [lzma2Filter(lzma2DictionarySize(level as Lzma2Level, bytes.length))],
        compressed: [encoder.encode(bytes, level as Lzma2Level)],
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
