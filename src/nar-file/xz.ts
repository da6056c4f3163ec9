import {
  BLOCK_HEADER_SIZE_MAX,
  decodeBlock,
  decodeBlockHeader,
  decodeStreamFooter,
  decodeStreamHeader,
  describeStream,
  STREAM_HEADER_SIZE,
} from '../xz/index.ts'
import { createByteSource } from './byte-source.ts'

type Bytes = AsyncIterable<Uint8Array>

/**
 * NARs up to here are unpacked in one call of native code, which is faster (`npm run bench:cache`), longer ones as a stream
 * by xz-decompress. For that call takes the whole file and gives the whole NAR, out of memory that its library then keeps;
 * and the native streams are no way out: they are slower, and keep in memory all that nobody has read yet.
 */
const ONE_GO_MAX = 1024 * 1024

/** Where a stream says how it is checked, and its first block what it went through. */
const HEAD_SIZE = STREAM_HEADER_SIZE + BLOCK_HEADER_SIZE_MAX

/**
 * Unpacks an xz file. What xz-decompress lacks, checks by SHA-256 and filters in front of LZMA2, is unpacked in one call at
 * any length: there memory holds the file and the NAR, and not only a stretch of each.
 */
export async function* unpackXz(bytes: Bytes, narSize = Infinity): Bytes {
  const source = createByteSource(bytes)
  const streams = canStream(await source.peek(HEAD_SIZE))
  if (streams && narSize > ONE_GO_MAX) {
    yield* streamXz(source.rest())
    return
  }
  const file = await source.take(Infinity)
  const size = unpackedSize(file)
  // Of several streams, damaged, or of another size: the stream decoder finds out without believing it.
  if (streams && size !== narSize) {
    yield* streamXz([file])
    return
  }
  if (size === undefined) {
    throw new Error(
      'it is damaged, or has SHA-256 checks or filters in more than one stream: compress it with plain xz',
    )
  }
  if (size > narSize) throw new Error(`holds more than the ${narSize} bytes it should`)
  const { xz } = await import('@napi-rs/lzma')
  const nar = xz.decompressSync(file)
  yield nar
  // Whoever asks for the next chunk is done with this one; its memory is the native library's until it is given up.
  if (nar.length === nar.buffer.byteLength) (nar.buffer as ArrayBuffer).transfer(0)
}

/** Whether xz-decompress can unpack a file that begins so; of one that is damaged it says best what is wrong. */
function canStream(head: Uint8Array): boolean {
  try {
    if (decodeStreamHeader(head.subarray(0, STREAM_HEADER_SIZE)).check === 'sha256') return false
    return decodeBlockHeader(head, STREAM_HEADER_SIZE).filters.length === 1
  } catch {
    return true
  }
}

async function* streamXz(bytes: Bytes | Iterable<Uint8Array>): Bytes {
  // A CommonJS package whose names Node cannot see from outside.
  const { default: xzDecompress } = await import('xz-decompress')
  const stream = new xzDecompress.XzReadableStream(ReadableStream.from(bytes) as ReadableStream<Uint8Array>)
  yield* stream as unknown as Bytes
}

/** Bytes that a file of one stream unpacks to, as the chunks in it have it; `undefined` if it is no such file. */
function unpackedSize(file: Uint8Array): number | undefined {
  try {
    const footer = file.subarray(-STREAM_HEADER_SIZE)
    const { backwardSize } = decodeStreamFooter(footer)
    const indexEnd = file.length - STREAM_HEADER_SIZE
    const { blocks, check, uncompressedSize } = describeStream({
      header: file.subarray(0, STREAM_HEADER_SIZE),
      index: file.subarray(indexEnd - backwardSize, indexEnd),
      footer,
      size: file.length,
    })
    // Throws unless each block's chunks hold what the index says: no decoder can be made to write more.
    for (const block of blocks) decodeBlock(file, block.offset, block, check)
    return uncompressedSize
  } catch {
    return undefined
  }
}
