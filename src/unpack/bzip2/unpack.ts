/**
 * The bzip2 format.
 *
 *     file   = { stream }
 *     stream = 'BZh', '1' to '9', { block }, end, padding up to a byte
 *     block  = 314159265359, see block.ts
 *     end    = 177245385090, CRC of all blocks (32 bits)
 *
 * A block has 100,000 bytes for each of the digit, before runs in it are undone: then at most 46 million.
 */
import type { ByteInput } from '../byte-input.ts'
import { corrupt, damaged, UnpackError } from '../errors.ts'
import type { UnpackOptions } from '../options.ts'
import { BitReader } from './bit-reader.ts'
import { decodeBlock } from './block.ts'

const BLOCK_UNIT = 100_000
const HEADER_SIZE = 4
/** Bytes of a mark and a CRC, and of the bits in front of them. */
const MARK_SIZE = 12
/** The halves of the marks, of 24 bits each. */
const BLOCK_MARK = [0x314159, 0x265359] as const
const END_MARK = [0x177245, 0x385090] as const

/**
 * Unpacks a bzip2 file, all streams of it, in pieces of at most 64 KiB. Memory holds the places of one block, 3.6 MB, whatever
 * comes out of it.
 */
export async function* unpackBzip2(
  input: ByteInput,
  { onEvent = () => {} }: UnpackOptions,
): AsyncGenerator<Uint8Array> {
  const reader = new BitReader(input.rest())
  let sorted = new Uint32Array(0)
  try {
    for (let stream = 1; ; stream++) {
      await reader.fill(HEADER_SIZE)
      const { available } = reader
      if (stream > 1 && available === 0) return
      const unit = readHeader(reader)
      if (unit === undefined) {
        if (stream === 1) throw corrupt('it does not begin as bzip2')
        onEvent({ kind: 'trailing', size: available + (await input.drain()) })
        return
      }
      if (stream > 1) onEvent({ kind: 'part', number: stream })
      if (sorted.length < unit * BLOCK_UNIT) sorted = new Uint32Array(unit * BLOCK_UNIT)
      yield* decodeStream(reader, sorted.subarray(0, unit * BLOCK_UNIT))
    }
  } catch (error) {
    // What seems to be damaged may be the zeros that are read behind the end.
    if (error instanceof UnpackError && error.code === 'UNPACK_CORRUPT') reader.checkEnd()
    throw error
  } finally {
    await reader.close()
  }
}

/** The digit of a stream's header; `undefined` for another byte. */
function readHeader(reader: BitReader): number | undefined {
  const magic = reader.read(24)
  const unit = reader.read(8) - 0x30
  return magic === 0x425a68 && unit >= 1 && unit <= 9 ? unit : undefined
}

async function* decodeStream(reader: BitReader, sorted: Uint32Array): AsyncGenerator<Uint8Array> {
  let combined = 0
  for (;;) {
    if (reader.available < MARK_SIZE) await reader.fill(MARK_SIZE)
    const [high, low] = [reader.read(24), reader.read(24)]
    reader.checkEnd()
    if (high === BLOCK_MARK[0] && low === BLOCK_MARK[1]) {
      const crc = yield* decodeBlock(reader, sorted)
      combined = ((combined << 1) | (combined >>> 31)) ^ crc
      continue
    }
    if (high !== END_MARK[0] || low !== END_MARK[1]) {
      throw damaged('a block begins with no mark of one')
    }
    const stated = (reader.read(16) << 16) | reader.read(16)
    reader.checkEnd()
    if (stated !== combined) throw damaged('a stream does not match its CRC')
    reader.align()
    return
  }
}
