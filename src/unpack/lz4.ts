/**
 * The LZ4 frame format (lz4: doc/lz4_Frame_format.md, version 1.6.4).
 *
 *     file      = { frame | skippable }
 *     frame     = 184D2204, FLG, BD, [content size (8)], [dictionary ID (4)], HC, { block }, 0 (4), [content checksum (4)]
 *     block     = size (4; bit 31: it is not compressed), its bytes, [block checksum (4)]
 *     skippable = 184D2A50 to 184D2A5F, size (4), that many bytes
 *
 *     FLG       bits 7-6: version, 01; 5: blocks are independent; 4: block checksums; 3: content size; 2: content checksum;
 *               0: dictionary ID
 *     BD        bits 6-4: a block holds at most 4 to the power of (4 + these) bytes, 64 KiB to 4 MiB
 *
 * Numbers are little-endian; checksums are XXH32, of which HC is the second byte, over FLG to dictionary ID.
 */
import { readU32le, readU64le } from '../bytes/index.ts'
import type { ByteInput } from './byte-input.ts'
import { corrupt, damaged, truncated } from './errors.ts'

const FRAME_MAGIC = 0x184d2204
const LEGACY_MAGIC = 0x184c2102
const SKIPPABLE_MAGIC = 0x184d2a50

/** Bytes that a block may refer back to. */
const WINDOW_SIZE = 64 * 1024

/** Bytes that come out of one byte of a block, at most: each that continues a length adds so many (lz4_Block_format.md). */
const BYTES_PER_BYTE = 255

/** A frame's description. */
interface Frame {
  readonly linked: boolean
  readonly blockChecksums: boolean
  readonly contentChecksum: boolean
  readonly contentSize: number | undefined
  readonly blockSize: number
}

/** Unpacks an lz4 file block by block: at most 4 MiB at a time. */
export async function* unpackLz4(input: ByteInput): AsyncGenerator<Uint8Array> {
  // Loaded where it is used: hardly any cache has such files.
  const [{ uncompressSync }, { createXXHash32 }] = await Promise.all([import('lz4-napi'), import('hash-wasm')])
  const [hash, contentHash] = [await createXXHash32(), await createXXHash32()]
  const checksumOf = (data: Uint8Array) => Number.parseInt(hash.init().update(data).digest('hex'), 16)

  const window = createWindow()

  /** A block's contents; in `window` is what stands before them. */
  const unpackBlock = async (size: number, frame: Frame): Promise<Uint8Array> => {
    const isStored = size >= 0x8000_0000
    const length = isStored ? size - 0x8000_0000 : size
    if (length > frame.blockSize) throw damaged(`a block of ${length} bytes`)
    const block = await takeAll(input, length)
    if (frame.blockChecksums && readU32le(await takeAll(input, 4), 0) !== checksumOf(block)) {
      throw damaged('a block does not match its checksum')
    }
    if (isStored) return block
    // It needs the size in front: no more than that comes out. All of it is allocated, and blocks may be tiny.
    const sized = Buffer.alloc(4 + length)
    sized.writeUInt32LE(Math.min(frame.blockSize, BYTES_PER_BYTE * length))
    sized.set(block, 4)
    try {
      return uncompressSync(sized, frame.linked ? window.bytes() : undefined)
    } catch (error) {
      throw corrupt((error as Error).message, error)
    }
  }

  for (let magic = await input.gather(4); magic.length > 0; magic = await input.gather(4)) {
    const kind = magic.length < 4 ? 0 : readU32le(magic, 0)
    if (kind >>> 4 === SKIPPABLE_MAGIC >>> 4) {
      for (let left = readU32le(await takeAll(input, 4), 0); left > 0; ) {
        left -= (await takeAll(input, Math.min(left, WINDOW_SIZE))).length
      }
      continue
    }
    if (kind === LEGACY_MAGIC) throw corrupt('it is of the legacy format: compress it without -l')
    if (kind !== FRAME_MAGIC) throw damaged(`${Buffer.from(magic).toString('hex')} begins no frame`)
    const frame = await readFrame(input, checksumOf)
    contentHash.init()
    let unpacked = 0
    window.clear()
    for (;;) {
      const size = readU32le(await takeAll(input, 4), 0)
      if (size === 0) break
      const contents = await unpackBlock(size, frame)
      if (frame.linked) window.add(contents)
      if (frame.contentChecksum) contentHash.update(contents)
      unpacked += contents.length
      yield contents
    }
    if (frame.contentSize !== undefined && unpacked !== frame.contentSize) {
      throw damaged(`a frame of ${frame.contentSize} bytes holds ${unpacked}`)
    }
    if (
      frame.contentChecksum &&
      readU32le(await takeAll(input, 4), 0) !== Number.parseInt(contentHash.digest('hex'), 16)
    ) {
      throw damaged('a frame does not match its checksum')
    }
  }
}

/** Keeps the last bytes of what is added. There is room for as many again, so that few blocks move those that are kept. */
function createWindow() {
  const memory = Buffer.alloc(2 * WINDOW_SIZE)
  let end = 0
  return {
    bytes: () => memory.subarray(Math.max(0, end - WINDOW_SIZE), end),
    add(contents: Uint8Array) {
      const last = contents.subarray(-WINDOW_SIZE)
      if (end + last.length > memory.length) {
        memory.copyWithin(0, end - WINDOW_SIZE, end)
        end = WINDOW_SIZE
      }
      memory.set(last, end)
      end += last.length
    },
    clear() {
      end = 0
    },
  }
}

async function readFrame(input: ByteInput, checksumOf: (data: Uint8Array) => number): Promise<Frame> {
  const [flags, sizes] = await input.peek(2)
  const hasContentSize = (flags & 8) !== 0
  const hasDictionary = (flags & 1) !== 0
  const length = 2 + (hasContentSize ? 8 : 0) + (hasDictionary ? 4 : 0)
  const descriptor = await takeAll(input, length)
  const [check] = await takeAll(input, 1)
  if (((checksumOf(descriptor) >> 8) & 0xff) !== check) {
    throw damaged('a frame header does not match its checksum')
  }
  if (flags >> 6 !== 1) throw corrupt(`its frames are of version ${flags >> 6}, which is not known`)
  if (hasDictionary) throw corrupt('it needs a dictionary: compress it without one')
  return {
    linked: (flags & 0x20) === 0,
    blockChecksums: (flags & 0x10) !== 0,
    contentChecksum: (flags & 4) !== 0,
    contentSize: hasContentSize ? readU64le(descriptor, 2) : undefined,
    blockSize: 4 ** (4 + ((sizes >> 4) & 7)),
  }
}

async function takeAll(input: ByteInput, size: number): Promise<Uint8Array> {
  const bytes = await input.gather(size)
  if (bytes.length < size) throw truncated('it is cut off: it ends within a frame')
  return bytes
}
