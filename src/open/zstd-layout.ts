/**
 * Where the frames of a .zst file are, and how many bytes they hold, without what is compressed.
 *
 *     frame    = FD2FB528, descriptor, [window (1)], [dictionary ID (1, 2, 4)], [content size (1, 2, 4, 8)], { block }, [sum (4)]
 *     block    = whether it is the last (1 bit), type (2 bits), size (21 bits), that many bytes; of type 1 one byte
 *     skippable = 184D2A50 to 184D2A5F, size (4), that many bytes
 *     table    = 184D2A5E, size (4), { compressed size (4), content size (4), [sum (4)] }, frames (4), descriptor, 8F92EAB1
 *
 * RFC 8878, section 3.1, and the seekable format of zstd's contrib/seekable_format; the table stands at the end. Numbers are
 * little-endian.
 */
import { readU32le } from '../bytes/index.ts'
import type { ImageSource } from '../image-source/index.ts'
import { areTooMany, type TarBlock } from './parts.ts'

const FRAME_MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50
const TABLE_MAGIC = 0x184d2a5e
const TABLE_END_MAGIC = 0x8f92eab1

/** Bytes of a frame, compressed or not, that is held as a whole. Files with a longer one are read in order. */
export const FRAME_MAX = 32 * 1024 * 1024

/** Bytes of the longest header of a frame. */
const HEADER_MAX = 18
const SKIPPABLE_HEADER_SIZE = 8
const TABLE_END_SIZE = 9

/** The most bytes of a table that are read: it lists a million frames. */
const TABLE_MAX = 16 * 1024 * 1024

/** Frames and blocks that are walked: those of 64 GiB. */
const STEPS_MAX = 2 ** 20

/** The frames of a file by the table at its end; `undefined` if it has none that fits. */
export async function readSeekTable(source: ImageSource): Promise<readonly TarBlock[] | undefined> {
  if (source.size < TABLE_END_SIZE + SKIPPABLE_HEADER_SIZE) return undefined
  const end = await source.read(source.size - TABLE_END_SIZE, TABLE_END_SIZE, {})
  if (readU32le(end, 5) !== TABLE_END_MAGIC) return undefined
  const count = readU32le(end, 0)
  const entrySize = end[4] & 0x80 ? 12 : 8
  const size = SKIPPABLE_HEADER_SIZE + count * entrySize + TABLE_END_SIZE
  if (size > TABLE_MAX || size > source.size) return undefined
  const table = await source.read(source.size - size, size, {})
  if (readU32le(table, 0) !== TABLE_MAGIC || readU32le(table, 4) !== size - SKIPPABLE_HEADER_SIZE) return undefined
  const frames: TarBlock[] = []
  let offset = 0
  let tarOffset = 0
  for (let at = SKIPPABLE_HEADER_SIZE; at < size - TABLE_END_SIZE; at += entrySize) {
    const frame = { offset, size: readU32le(table, at), tarOffset, tarSize: readU32le(table, at + 4) }
    frames.push(frame)
    offset += frame.size
    tarOffset += frame.tarSize
  }
  return offset === source.size - size ? frames : undefined
}

/**
 * The frames of a file by the headers of their blocks, each of which is read on its own. `undefined` if a frame does not say how
 * much it holds, or something is no frame, or they are too many.
 */
export async function walkFrames(source: ImageSource): Promise<readonly TarBlock[] | undefined> {
  const frames: TarBlock[] = []
  let tarOffset = 0
  let steps = 0
  let parts = 0
  const read = (offset: number, length: number) => source.read(offset, Math.min(length, source.size - offset), {})
  for (let offset = 0; offset < source.size; ) {
    const header = await read(offset, HEADER_MAX)
    if (header.length < SKIPPABLE_HEADER_SIZE || steps++ > STEPS_MAX || areTooMany(++parts, source)) return undefined
    const magic = readU32le(header, 0)
    if (magic >>> 4 === SKIPPABLE_MAGIC >>> 4) {
      offset += SKIPPABLE_HEADER_SIZE + readU32le(header, 4)
      continue
    }
    const frame = magic === FRAME_MAGIC ? describeFrame(header) : undefined
    if (frame === undefined || frame.contentSize > FRAME_MAX) return undefined
    let at = offset + frame.headerSize
    for (let isLast = false; !isLast; ) {
      const block = await read(at, 3)
      if (block.length < 3 || steps++ > STEPS_MAX) return undefined
      const bits = block[0] + block[1] * 0x100 + block[2] * 0x10000
      isLast = (bits & 1) === 1
      at += 3 + (((bits >> 1) & 3) === 1 ? 1 : bits >> 3)
      if (at > source.size) return undefined
    }
    at += frame.checkSize
    if (at > source.size) return undefined
    frames.push({ offset, size: at - offset, tarOffset, tarSize: frame.contentSize })
    tarOffset += frame.contentSize
    offset = at
  }
  return frames
}

/** What the header of a frame says; `undefined` if it does not say how much the frame holds. */
function describeFrame(header: Uint8Array) {
  const descriptor = header[4]
  const isSingleSegment = (descriptor & 0x20) !== 0
  const sizeFlag = descriptor >> 6
  const sizeSize = sizeFlag === 0 ? Number(isSingleSegment) : 2 ** sizeFlag
  const sizeOffset = 5 + Number(!isSingleSegment) + [0, 1, 2, 4][descriptor & 3]
  const headerSize = sizeOffset + sizeSize
  if (sizeSize === 0 || header.length < headerSize) return undefined
  let contentSize = sizeSize === 2 ? 256 : 0
  for (let i = 0; i < sizeSize; i++) contentSize += header[sizeOffset + i] * 2 ** (8 * i)
  return { headerSize, contentSize, checkSize: descriptor & 4 ? 4 : 0 }
}
