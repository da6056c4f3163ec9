/**
 * The .lzma format, or LZMA alone (lzma-sdk: DOC/lzma-specification.txt).
 *
 *     file = properties (1), dictionary size (4), size of the contents (8; all ones: an end mark follows them), LZMA data
 *
 * Numbers are little-endian. It has no checksum of its own.
 */
import { readU32le } from '../bytes/index.ts'
import type { ByteInput } from './byte-input.ts'
import { corrupt, truncated } from './errors.ts'
import type { UnpackOptions } from './options.ts'

/** Properties and sizes in front of LZMA data. */
export const LZMA_HEADER_SIZE = 13

/** A dictionary up to here is taken whatever the size of the contents. */
const DICTIONARY_MIN = 1024 * 1024
/** Most bytes of a dictionary, and so of memory: the largest that lzip has; `xz -9` takes 64 MiB. */
const DICTIONARY_MAX = 512 * 1024 * 1024

/** The decoder reads some dozens of chunks ahead: this bounds them. */
const PIECE_SIZE = 64 * 1024

/** Unpacks an .lzma file. */
export async function* unpackLzma(input: ByteInput, { size }: UnpackOptions): AsyncGenerator<Uint8Array> {
  const header = await input.gather(LZMA_HEADER_SIZE)
  if (header.length < LZMA_HEADER_SIZE) throw truncated('it is cut off: it ends within its header')
  yield* decodeLzma(header, input.rest(), size)
}

/**
 * Decodes the LZMA data that a header of an .lzma file describes, of `size` bytes of contents as far as is
 * known. It stops behind the data, with up to 4 MiB more read of `data`.
 */
export async function* decodeLzma(
  header: Uint8Array,
  data: AsyncIterable<Uint8Array>,
  size = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array> {
  const { lzma } = await import('@napi-rs/lzma')
  const own = Buffer.from(header)
  // Nothing refers back beyond the beginning. Of contents that are longer than they should be, some has to come out.
  const dictionary = Math.min(readU32le(own, 1), Math.max(2 * size, DICTIONARY_MIN))
  if (dictionary > DICTIONARY_MAX) {
    throw corrupt(`its dictionary of ${dictionary} bytes is larger than the ${DICTIONARY_MAX} that are taken`)
  }
  own.writeUInt32LE(dictionary, 1)
  let inputError: unknown
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield own
    try {
      for await (const chunk of data) {
        for (let at = 0; at < chunk.length; at += PIECE_SIZE) yield chunk.subarray(at, at + PIECE_SIZE)
      }
    } catch (error) {
      inputError = error
      throw error
    }
  }
  try {
    const decoded = lzma.decompressStream(ReadableStream.from(pieces()) as ReadableStream<Uint8Array>)
    for await (const chunk of decoded as unknown as AsyncIterable<Uint8Array>) yield chunk
  } catch (error) {
    throw inputError ?? corrupt((error as Error).message, error)
  }
}
