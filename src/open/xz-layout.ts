/** Where the blocks of an .xz file are, by the indexes of its streams: read from its end, without what is compressed. */

import type { ImageSource } from '../image-source/index.ts'
import { OpenError } from '../image-source/index.ts'
import {
  type Check,
  decodeIndex,
  decodeStreamFooter,
  decodeVli,
  describeStream,
  type IndexRecord,
  paddedSize,
  STREAM_HEADER_SIZE,
  XzError,
} from '../xz/index.ts'
import { areTooMany, type TarBlock } from './parts.ts'

/** A block of an .xz file. */
export interface XzBlock extends TarBlock {
  /** As its index has it. */
  readonly record: IndexRecord
  readonly check: Check
}

/** Bytes read from the end: an index has some bytes a block. */
const TAIL_SIZE = 16 * 1024

/** Blocks that are listed: a file of more is read in order. */
const BLOCKS_MAX = 2 ** 18

/** The most bytes of an index that are read: two numbers of nine bytes for each of so many blocks. */
const INDEX_MAX = 18 * BLOCKS_MAX + 64

/** Streams that are looked for: each takes three reads. */
const STREAMS_MAX = 1000

/** Bytes of padding that are passed over, behind and between streams. */
const PADDING_MAX = 64 * 1024

/**
 * The blocks of a file in order, and how many bytes they hold. `undefined` for one whose end tells nothing: something else
 * follows its last stream, or it has very many streams or blocks. Throws `OpenError` OPEN_CORRUPT.
 */
export async function readXzLayout(source: ImageSource): Promise<readonly XzBlock[] | undefined> {
  const streams: Omit<XzBlock, 'tarOffset'>[][] = []
  const read = createTailReader(source)
  let padding = 0
  try {
    for (let end = source.size; end > 0; ) {
      if (end < 2 * STREAM_HEADER_SIZE || padding > PADDING_MAX) return undefined
      if ((await read(end - 4, 4)).every(byte => byte === 0)) {
        padding += 4
        end -= 4
        continue
      }
      const begin = await readStream(read, end, streams, count => count > BLOCKS_MAX || areTooMany(count, source))
      if (begin === undefined || streams.length > STREAMS_MAX) return undefined
      end = begin
    }
  } catch (error) {
    if (!(error instanceof XzError)) throw error
    throw new OpenError('OPEN_CORRUPT', source.name, `is damaged: ${error.message}`, { cause: error })
  }
  let tarOffset = 0
  return streams
    .reverse()
    .flat()
    .map(block => {
      const located = { ...block, tarOffset }
      tarOffset += block.tarSize
      return located
    })
}

type Read = (offset: number, length: number) => Promise<Uint8Array>

/** Describes the stream that ends at `end`; where it begins, or `undefined` if none ends there. */
async function readStream(
  read: Read,
  end: number,
  streams: Omit<XzBlock, 'tarOffset'>[][],
  areTooMany: (blocks: number) => boolean,
): Promise<number | undefined> {
  const footer = await read(end - STREAM_HEADER_SIZE, STREAM_HEADER_SIZE)
  if (footer[10] !== 0x59 || footer[11] !== 0x5a) return undefined
  const { backwardSize } = decodeStreamFooter(footer, 0, end - STREAM_HEADER_SIZE)
  const indexOffset = end - STREAM_HEADER_SIZE - backwardSize
  if (backwardSize > INDEX_MAX || indexOffset < STREAM_HEADER_SIZE) return undefined
  const index = await read(indexOffset, backwardSize)
  const listed = streams.reduce((sum, blocks) => sum + blocks.length, 0)
  if (areTooMany(listed + decodeVli(index, 1).value)) return undefined
  const dataSize = decodeIndex(index).reduce((sum, { unpaddedSize }) => sum + paddedSize(unpaddedSize), 0)
  const size = STREAM_HEADER_SIZE + dataSize + backwardSize + STREAM_HEADER_SIZE
  const begin = end - size
  if (begin < 0) throw new XzError('XZ_MISMATCH', `the index at byte ${indexOffset} lists more bytes than there are`)
  const header = await read(begin, STREAM_HEADER_SIZE)
  const { check, blocks } = describeStream({ header, index, footer, size })
  streams.push(
    blocks.map(({ offset, size, unpaddedSize, uncompressedSize: tarSize }) => {
      return { record: { unpaddedSize, uncompressedSize: tarSize }, check, offset: begin + offset, size, tarSize }
    }),
  )
  return begin
}

/** Reads pieces of a file from its end to its beginning, many of them at once. */
function createTailReader(source: ImageSource): Read {
  let held: Uint8Array = new Uint8Array(0)
  let heldOffset = source.size
  return async (offset, length) => {
    const end = offset + length
    if (offset < heldOffset || end > heldOffset + held.length) {
      const start = Math.max(0, Math.min(offset, end - TAIL_SIZE))
      held = await source.read(start, end - start, {})
      heldOffset = start
    }
    return held.subarray(offset - heldOffset, end - heldOffset)
  }
}
