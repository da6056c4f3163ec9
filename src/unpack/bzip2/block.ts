/**
 * A block of a bzip2 stream. The format is documented only by the source of bzip2 1.0 (decompress.c).
 *
 *     block = CRC (32 bits), randomised (1), origin (24), bytes used (16 + 16 per bit set), number of codes (3),
 *             number of selectors (15), selectors, codes, symbols
 *
 * Symbols come in groups of 50, each group in the code that its selector names. They stand for bytes by their place in a
 * list of those used last, runs of the first place are numbers in digits 1 and 2; that is undone first. What comes out is
 * sorted by what followed each byte (Burrows and Wheeler), and undone by following `origin`. Then a byte that came four
 * times is followed by how often it comes again.
 */
import { damaged } from '../errors.ts'
import type { BitReader } from './bit-reader.ts'
import { CRC_START, updateCrc } from './crc.ts'
import { CODE_LENGTH_MAX, createHuffmanCode, type HuffmanCode, readSymbol } from './huffman.ts'

const GROUP_SIZE = 50
const CODES_MIN = 2
const CODES_MAX = 6
/** As many as a block of 900,000 symbols needs; bzip2 passes over those beyond. */
const SELECTORS_MAX = 18_002
/** Most bytes of what is in front of the symbols: of that, selectors of 6 bits take nearly all. */
const HEADER_BYTES = 32 * 1024
/** More than the bytes of a group. */
const GROUP_BYTES = (GROUP_SIZE * CODE_LENGTH_MAX) / 8 + 8
/** Bytes given at a time. */
const PIECE_SIZE = 64 * 1024

/** Reads a block behind its mark into `sorted`, whose length is the most that a block may have, and gives what it holds. */
export async function* decodeBlock(
  reader: BitReader,
  sorted: Uint32Array,
): AsyncGenerator<Uint8Array, number, undefined> {
  if (reader.available < HEADER_BYTES) await reader.fill(HEADER_BYTES)
  const stated = (reader.read(16) << 16) | reader.read(16)
  if (reader.read(1) === 1) throw damaged('a block is randomised, as before bzip2 0.9.5')
  const origin = reader.read(24)
  const bytes = readBytesUsed(reader)
  const codeCount = reader.read(3)
  const selectors = readSelectors(reader, codeCount)
  const codes = Array.from({ length: codeCount }, () => readCode(reader, bytes.length + 2))
  reader.checkEnd()
  const length = await readSymbols(reader, { bytes, codes, selectors, sorted })
  if (origin >= length) throw damaged('a block begins outside of itself')
  linkSorted(sorted, length)
  let crc = CRC_START
  for (const piece of unfold(sorted, origin, length)) {
    crc = updateCrc(crc, piece, piece.length)
    yield piece
  }
  if (~crc !== stated) throw damaged('a block does not match its CRC')
  return stated
}

function readBytesUsed(reader: BitReader): Uint8Array {
  const used: number[] = []
  const rows = reader.read(16)
  for (let row = 0; row < 16; row++) {
    if ((rows & (0x8000 >> row)) === 0) continue
    const columns = reader.read(16)
    for (let column = 0; column < 16; column++) if (columns & (0x8000 >> column)) used.push(row * 16 + column)
  }
  if (used.length === 0) throw damaged('a block holds nothing')
  return Uint8Array.from(used)
}

function readSelectors(reader: BitReader, codeCount: number): Uint8Array {
  const count = reader.read(15)
  if (codeCount < CODES_MIN || codeCount > CODES_MAX || count === 0) throw damaged('a block has no codes')
  const recent = Uint8Array.from({ length: codeCount }, (_, i) => i)
  const selectors = new Uint8Array(Math.min(count, SELECTORS_MAX))
  for (let i = 0; i < count; i++) {
    let place = 0
    while (reader.read(1) === 1) if (++place >= codeCount) throw damaged('a block uses a code that it does not have')
    const code = recent[place]!
    recent.copyWithin(1, 0, place)
    recent[0] = code
    if (i < SELECTORS_MAX) selectors[i] = code
  }
  return selectors
}

function readCode(reader: BitReader, symbolCount: number): HuffmanCode {
  const lengths = new Uint8Array(symbolCount)
  let length = reader.read(5)
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    for (; length >= 1 && length <= CODE_LENGTH_MAX && reader.read(1) === 1; ) length += reader.read(1) === 1 ? -1 : 1
    if (length < 1 || length > CODE_LENGTH_MAX) throw damaged('a block has a code of an impossible length')
    lengths[symbol] = length
  }
  return createHuffmanCode(lengths)
}

interface Symbols {
  readonly bytes: Uint8Array
  readonly codes: readonly HuffmanCode[]
  readonly selectors: Uint8Array
  readonly sorted: Uint32Array
}

/** Reads the symbols of a block; how many bytes they are. */
async function readSymbols(reader: BitReader, { bytes, codes, selectors, sorted }: Symbols): Promise<number> {
  const end = bytes.length + 1
  const recent = bytes.slice()
  let length = 0
  let run = 0
  let digit = 1
  for (const selector of selectors) {
    if (reader.available < GROUP_BYTES) await reader.fill(GROUP_BYTES)
    const code = codes[selector]!
    for (let i = 0; i < GROUP_SIZE; i++) {
      const symbol = readSymbol(reader, code)
      if (symbol <= 1) {
        run += digit << symbol
        digit *= 2
        // Before the number outgrows 32 bits.
        if (run > sorted.length) throw damaged('a block is too long')
        continue
      }
      if (run > 0) {
        if (length + run > sorted.length) throw damaged('a block is too long')
        sorted.fill(recent[0]!, length, length + run)
        length += run
        run = 0
        digit = 1
      }
      if (symbol === end) {
        reader.checkEnd()
        return length
      }
      if (length >= sorted.length) throw damaged('a block is too long')
      const place = symbol - 1
      const byte = recent[place]!
      for (let at = place; at > 0; at--) recent[at] = recent[at - 1]!
      recent[0] = byte
      sorted[length++] = byte
    }
    reader.checkEnd()
  }
  throw damaged('a block does not end')
}

/** Writes into the upper 24 bits of each place the place of the byte that follows the one in its lower 8 bits. */
function linkSorted(sorted: Uint32Array, length: number): void {
  const places = new Int32Array(256)
  for (let at = 0; at < length; at++) places[sorted[at]!]!++
  for (let byte = 0, sum = 0; byte < 256; byte++) {
    const count = places[byte]!
    places[byte] = sum
    sum += count
  }
  for (let at = 0; at < length; at++) {
    const place = places[sorted[at]! & 0xff]!++
    sorted[place] = sorted[place]! | (at << 8)
  }
}

/** The bytes in their order, with the runs in them, in pieces. */
function* unfold(sorted: Uint32Array, origin: number, length: number): Generator<Uint8Array> {
  let piece = new Uint8Array(PIECE_SIZE)
  let size = 0
  let repeats = 0
  let previous = -1
  let at = sorted[origin]! >>> 8
  for (let i = 0; i < length; i++) {
    const entry = sorted[at]!
    const byte = entry & 0xff
    at = entry >>> 8
    if (repeats === 4) {
      for (let left = byte; left > 0; ) {
        const part = Math.min(left, PIECE_SIZE - size)
        piece.fill(previous, size, size + part)
        size += part
        left -= part
        if (size === PIECE_SIZE) {
          yield piece
          piece = new Uint8Array(PIECE_SIZE)
          size = 0
        }
      }
      repeats = 0
      continue
    }
    repeats = byte === previous ? repeats + 1 : 1
    previous = byte
    piece[size++] = byte
    if (size === PIECE_SIZE) {
      yield piece
      piece = new Uint8Array(PIECE_SIZE)
      size = 0
    }
  }
  if (size > 0) yield piece.subarray(0, size)
}
