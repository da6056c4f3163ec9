import { type ByteString, encodeByteString } from '../bytes/index.ts'
import { type Random, ZIPF_SIZE, zipfTable } from './random.ts'

/** Pieces of bytes to assemble contents from, in one buffer. Some are used often, most rarely. */
export interface Snippets {
  readonly bytes: Uint8Array
  /** Where each piece begins, and where the last one ends. */
  readonly starts: Uint32Array
  readonly zipf: Uint16Array
}

/** Where contents are written, and how far they are. */
export interface Output {
  bytes: Uint8Array
  at: number
  end: number
}

/** Puts pieces, given as byte strings, into one buffer. */
export function createSnippets(pieces: readonly string[]): Snippets {
  const starts = new Uint32Array(pieces.length + 1)
  let at = 0
  pieces.forEach((piece, i) => {
    at += piece.length
    starts[i + 1] = at
  })
  // Checked by encodeByteString.
  return { bytes: encodeByteString(pieces.join('') as ByteString), starts, zipf: zipfTable(pieces.length) }
}

const ZIPF_SHIFT = 32 - Math.log2(ZIPF_SIZE)

/** Writes one of the pieces, cut where the output ends. */
export function writeSnippet(output: Output, { bytes: from, starts, zipf }: Snippets, random: Random): void {
  const piece = zipf[random.next() >>> ZIPF_SHIFT]!
  writeRange(output, from, starts[piece]!, starts[piece + 1]!)
}

function writeRange(output: Output, from: Uint8Array, begin: number, end: number): void {
  const to = output.bytes
  const stop = Math.min(end, begin + output.end - output.at)
  let at = output.at
  // A loop beats `set(subarray)`, which allocates, for pieces of some 20 bytes.
  for (let i = begin; i < stop; i++) to[at++] = from[i]!
  output.at = at
}

/** Writes a byte string, cut where the output ends. */
export function writeText(output: Output, text: string): void {
  const stop = Math.min(text.length, output.end - output.at)
  for (let i = 0; i < stop; i++) output.bytes[output.at++] = text.charCodeAt(i)
}

/** Writes a number below 2^32 in four bytes, little-endian, cut where the output ends. */
export function writeU32(output: Output, value: number): void {
  const { bytes, at, end } = output
  if (end - at >= 4) {
    bytes[at] = value
    bytes[at + 1] = value >>> 8
    bytes[at + 2] = value >>> 16
    bytes[at + 3] = value >>> 24
    output.at = at + 4
  } else for (let shift = 0; output.at < end; shift += 8) bytes[output.at++] = value >>> shift
}

/** Gives a part of the output, in thousandths of `size` from where it is, to `write`, which fills it. */
export function writePart(output: Output, size: number, thousandths: number, write: () => void): void {
  const end = output.end
  output.end = Math.min(end, output.at + Math.floor((size * thousandths) / 1000))
  write()
  output.end = end
}
