/**
 * `.tar.gz` (RFC 1952) of a single member, made of blocks that were deflated apart from each other:
 *
 *     member   header, deflated data, CRC-32, size modulo 2^32
 *     data     block*, empty final block           (RFC 1951)
 *     block    deflate blocks, none of them final, ended at a byte by an empty stored one ("sync flush")
 */
import { constants, crc32, deflateRawSync } from 'node:zlib'
import { concatBytes, crc32Combine, writeU32le } from '../bytes/index.ts'
import type { Container } from './container.ts'
import { inflateWhole } from './inflate-whole.ts'

/** Magic, method 8 (deflate), no flags, no time, no extra flags, operating system unknown. */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff)

/** A deflate block of fixed codes that is final and empty. */
const FINAL_BLOCK = Uint8Array.of(0x03, 0x00)

/** A block's note is the CRC-32 of its tar bytes. */
export const gzipContainer = ({ level }: { readonly level: number }): Container => ({
  suffix: '.tar.gz',
  blockSize: 4 * 1024 * 1024,
  description: `gzip, zlib ${process.versions.zlib} (node:zlib), level ${level}`,
  blocks: {
    encode(bytes) {
      const deflated = deflateRawSync(bytes, { level, finishFlush: constants.Z_SYNC_FLUSH })
      return { pieces: [deflated], uncompressedSize: bytes.length, note: crc32(bytes) }
    },
    decode(bytes, { uncompressedSize, note }) {
      const decoded = inflateWhole('inflateRawSync', concatBytes([bytes, FINAL_BLOCK]), uncompressedSize)
      if (crc32(decoded) !== note) throw new Error('the CRC-32 of the block is another one')
      return decoded
    },
    createAssembler() {
      let crc = 0
      let size = 0
      return {
        begin: () => HEADER,
        add({ uncompressedSize, note }) {
          crc = crc32Combine(crc, note, uncompressedSize)
          size += uncompressedSize
        },
        end() {
          const trailer = new Uint8Array(FINAL_BLOCK.length + 8)
          trailer.set(FINAL_BLOCK)
          writeU32le(trailer, FINAL_BLOCK.length, crc)
          writeU32le(trailer, FINAL_BLOCK.length + 4, size % 2 ** 32)
          return trailer
        },
      }
    },
  },
})
