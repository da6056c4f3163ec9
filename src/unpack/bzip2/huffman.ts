/**
 * The codes of a block: each follows from the lengths of its symbols' codes alone. Codes are assigned in ascending order of
 * length, then of symbol.
 */

import { corrupt } from '../errors.ts'
import type { BitReader } from './bit-reader.ts'

/** The most bits of a code. */
export const CODE_LENGTH_MAX = 20

/** A code, ready to be read. */
export interface HuffmanCode {
  /** Bits of the shortest code. */
  readonly shortest: number
  /** By length: the first value of {@link CODE_LENGTH_MAX} bits that begins with no code so short. */
  readonly limits: Int32Array
  /** By length: what is added to a code to find its symbol's place. */
  readonly offsets: Int32Array
  readonly symbols: Uint16Array
}

/** The code of symbols whose codes are so long, 1 to 20 bits each. Throws `UnpackError` if there are too many of a length. */
export function createHuffmanCode(lengths: Uint8Array): HuffmanCode {
  const counts = new Int32Array(CODE_LENGTH_MAX + 1)
  for (const length of lengths) counts[length]!++
  const limits = new Int32Array(CODE_LENGTH_MAX + 1)
  const offsets = new Int32Array(CODE_LENGTH_MAX + 1)
  const places = new Int32Array(CODE_LENGTH_MAX + 1)
  let shortest = 0
  let code = 0
  let place = 0
  for (let length = 1; length <= CODE_LENGTH_MAX; length++) {
    code *= 2
    places[length] = place
    offsets[length] = place - code
    code += counts[length]!
    place += counts[length]!
    if (code > 1 << length) throw corrupt('it has a code that no text can be read with')
    limits[length] = code << (CODE_LENGTH_MAX - length)
    if (shortest === 0 && counts[length]! > 0) shortest = length
  }
  const symbols = new Uint16Array(lengths.length)
  for (let symbol = 0; symbol < lengths.length; symbol++) symbols[places[lengths[symbol]!]!++] = symbol
  return { shortest, limits, offsets, symbols }
}

/** Reads a symbol. Throws `UnpackError` for bits that begin with no code. */
export function readSymbol(reader: BitReader, { shortest, limits, offsets, symbols }: HuffmanCode): number {
  const bits = reader.peek(CODE_LENGTH_MAX)
  let length = shortest
  while (length <= CODE_LENGTH_MAX && bits >= limits[length]!) length++
  if (length > CODE_LENGTH_MAX) throw corrupt('it holds bits that are no code')
  reader.skip(length)
  return symbols[(bits >>> (CODE_LENGTH_MAX - length)) + offsets[length]!]!
}
