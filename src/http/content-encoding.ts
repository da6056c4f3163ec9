/** Content-Encoding (RFC 9110, section 8.4): what was done to a file for its transport, first thing first. */
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw } from 'node:zlib'
import { createByteInput, unpack, unpackWith } from '../unpack/index.ts'

type Bytes = AsyncIterable<Uint8Array>

const DECODERS: Readonly<Record<string, (bytes: Bytes) => Bytes>> = {
  gzip: bytes => unpackWith(createByteInput(bytes), createGunzip),
  'x-gzip': bytes => unpackWith(createByteInput(bytes), createGunzip),
  deflate: inflate,
  br: bytes => unpackWith(createByteInput(bytes), createBrotliDecompress),
  // Node takes the end of its first frame for the end of all.
  zstd: bytes => unpack(createByteInput(bytes), { compression: 'zstd' }),
}

/**
 * Names that stand for no change. `aws-chunked` frames the body of an upload; some stores of the S3 kind keep the name and
 * send it with bodies that have no frames (versity/versitygw#2398).
 */
const NO_CHANGE: ReadonlySet<string> = new Set(['', 'identity', 'aws-chunked'])

/** The codings that a Content-Encoding header names, in lower case; those that change nothing are left out. */
export function codingsOf(header: string): string[] {
  return header
    .toLowerCase()
    .split(',')
    .map(coding => coding.trim())
    .filter(coding => !NO_CHANGE.has(coding))
}

/** Codings that are undone for one file: each has a decoder with memory of its own. */
const CODINGS_MAX = 4

/** Undoes codings, the last one first; `undefined` if one of them is not known, or if they are many. The bytes throw `UnpackError`. */
export function decodeContent(codings: readonly string[], bytes: Bytes): Bytes | undefined {
  if (codings.length > CODINGS_MAX || codings.some(coding => !Object.hasOwn(DECODERS, coding))) return undefined
  return codings.reduceRight((bytes, coding) => DECODERS[coding](bytes), bytes)
}

/** By the standard there is a zlib header before the data; some servers send them bare, and clients take both. */
async function* inflate(bytes: Bytes): Bytes {
  const input = createByteInput(bytes)
  const [first = 0, second = 0] = await input.peek(2)
  // RFC 1950, section 2.2: the method, 8, in four bits; and both bytes together are a multiple of 31.
  const hasHeader = (first & 15) === 8 && (first * 256 + second) % 31 === 0
  yield* unpackWith(input, hasHeader ? createInflate : createInflateRaw)
}
