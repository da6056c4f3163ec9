import { decodeBlock, decodeStreamFooter, describeStream, STREAM_HEADER_SIZE } from '../xz/index.ts'

type Bytes = AsyncIterable<Uint8Array>

/**
 * NARs up to here are unpacked in one call of native code, which is faster (`npm run bench:cache`), longer ones as a stream
 * by xz-decompress. For that call takes the whole file and gives the whole NAR, out of memory that its library then keeps;
 * and the native streams are no way out: they are slower, and keep in memory all that nobody has read yet.
 */
const ONE_GO_MAX = 1024 * 1024

/** Unpacks an xz file. */
export async function* unpackXz(bytes: Bytes, narSize = Infinity): Bytes {
  if (narSize > ONE_GO_MAX) {
    yield* streamXz(bytes)
    return
  }
  const pieces: Uint8Array[] = []
  for await (const piece of bytes) pieces.push(piece)
  const file = Buffer.concat(pieces)
  if (unpackedSize(file) !== narSize) {
    // Of several streams, damaged, or of another size: the stream decoder finds out without believing it.
    yield* streamXz([file])
    return
  }
  const { xz } = await import('@napi-rs/lzma')
  const nar = xz.decompressSync(file)
  yield nar
  // Whoever asks for the next chunk is done with this one; its memory is the native library's until it is given up.
  if (nar.length === nar.buffer.byteLength) (nar.buffer as ArrayBuffer).transfer(0)
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
