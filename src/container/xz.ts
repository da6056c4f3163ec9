import { assembleBlock, computeCheck, createStreamWriter, lzma2Filter } from '../xz/index.ts'
import type { Container } from './container.ts'
import { NATIVE_LZMA2, nativeLzma2 } from './lzma2-engine.ts'

const MiB = 1024 * 1024

/** The block size also bounds what a dictionary can be good for: nothing is found behind the start of a block. */
const BLOCK_SIZE = 16 * MiB

/** Dictionary size of the presets 0 to 9, as in xz (lzma_encoder_presets.c). */
const DICTIONARY_SIZES = [0.25, 1, 2, 4, 4, 8, 8, 16, 32, 64].map(size => Math.min(size * MiB, BLOCK_SIZE))

const CHECK = 'crc64'

/** `.tar.xz`: one stream, with both sizes in the header of every block. A block's note is its unpadded size. */
export const xzContainer: Container = {
  suffix: '.tar.xz',
  blockSize: BLOCK_SIZE,
  describe: level => `xz, LZMA2 by ${NATIVE_LZMA2}, preset ${level}, ${CHECK}`,
  blocks: {
    async encode(bytes, level) {
      const dictionarySize = DICTIONARY_SIZES[level]
      const block = assembleBlock({
        filters: [lzma2Filter(dictionarySize)],
        compressed: await nativeLzma2(bytes, level, dictionarySize),
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
