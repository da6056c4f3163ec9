/** Content-Encoding (RFC 9110, section 8.4): what was done to a file for its transport, first thing first. */
import { createBrotliDecompress, createGunzip, createInflate, createInflateRaw, createZstdDecompress } from 'node:zlib'
import { through } from '../through.ts'
import { splitZstdFrames } from '../zstd/index.ts'

type Bytes = AsyncIterable<Uint8Array>

const DECODERS: Readonly<Record<string, (bytes: Bytes) => Bytes>> = {
  gzip: bytes => through(bytes, createGunzip()),
  'x-gzip': bytes => through(bytes, createGunzip()),
  deflate: inflate,
  br: bytes => through(bytes, createBrotliDecompress()),
  zstd: bytes => through(splitZstdFrames(bytes), createZstdDecompress()),
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

/** Undoes codings, the last one first; `undefined` if one of them is not known. The bytes throw zlib's errors. */
export function decodeContent(codings: readonly string[], bytes: Bytes): Bytes | undefined {
  if (codings.some(coding => !Object.hasOwn(DECODERS, coding))) return undefined
  return codings.reduceRight((bytes, coding) => DECODERS[coding](bytes), bytes)
}

/** By the standard there is a zlib header before the data; some servers send them bare, and clients take both. */
async function* inflate(bytes: Bytes): Bytes {
  const iterator = bytes[Symbol.asyncIterator]()
  try {
    const first: Uint8Array[] = []
    for (let size = 0; size < 2; size = first.reduce((sum, { length }) => sum + length, 0)) {
      const step = await iterator.next()
      if (step.done) break
      first.push(step.value)
    }
    const head = Buffer.concat(first)
    // RFC 1950, section 2.2: the method, 8, in four bits; and both bytes together are a multiple of 31.
    const hasHeader = head.length >= 2 && (head[0] & 15) === 8 && head.readUInt16BE(0) % 31 === 0
    const rest: Bytes = { [Symbol.asyncIterator]: () => iterator }
    yield* through(chain(head, rest), hasHeader ? createInflate() : createInflateRaw())
  } finally {
    await iterator.return?.()
  }
}

async function* chain(head: Uint8Array, rest: Bytes): Bytes {
  yield head
  yield* rest
}
