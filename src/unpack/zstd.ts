/**
 * Files of zstd frames (RFC 8878, section 3.1).
 *
 *     file      = { frame | skippable }
 *     frame     = FD2FB528, ...
 *     skippable = 184D2A50 to 184D2A5F, ...
 *
 * Numbers are little-endian. Node up to 25 stops at the end of a frame although more follow: so each has a decoder. Newer ones
 * read all frames with one, in a fraction of the time, and only it is counted.
 */
import { createZstdDecompress } from 'node:zlib'
import { readU32le } from '../bytes/index.ts'
import type { ByteInput } from './byte-input.ts'
import { corrupt } from './errors.ts'
import { createPartLimit } from './limits.ts'
import { runEngine } from './node-engine.ts'
import type { UnpackOptions } from './options.ts'

const FRAME_MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50
const MAGIC_SIZE = 4

/** Unpacks a zstd file, all frames of it. */
export async function* unpackZstd(input: ByteInput, { limits }: UnpackOptions): AsyncGenerator<Uint8Array> {
  const countFrame = createPartLimit('zstd frames', input, limits)
  for (;;) {
    const mark = await input.peek(MAGIC_SIZE)
    if (mark.length === 0) return
    const magic = mark.length < MAGIC_SIZE ? FRAME_MAGIC : readU32le(mark, 0)
    if (magic !== FRAME_MAGIC && magic >>> 4 !== SKIPPABLE_MAGIC >>> 4) {
      throw corrupt(`a frame begins with ${magic.toString(16)}, which is no mark of one`)
    }
    countFrame()
    yield* runEngine(input, createZstdDecompress)
  }
}
