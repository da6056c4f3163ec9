import { MODELS } from './memory.ts'

/**
 * Memory of the decoder, and its window: the decoded data, of which matches copy what lies at most a dictionary back.
 *
 *     MODELS    see models.ts
 *     CODED     the bytes of one chunk, and behind them what a damaged one makes the range decoder read
 *     WINDOW    decoded data: the dictionary, and room for more; then GUARD
 *
 * It does not wrap around. Where it is full, the dictionary moves to its begin: a copy of many bytes at once costs less than
 * a question for every match.
 */

/** The most bytes that a chunk takes, and that it decodes to. */
export const CODED_SIZE_MAX: i32 = 1 << 16
export const DATA_SIZE_MAX: i32 = 1 << 21

export const CODED: i32 = MODELS + 0xf000
export const WINDOW: i32 = CODED + CODED_SIZE_MAX + 0x1_0000
/** Copies write up to 15 bytes too many. */
const GUARD: i32 = 16

/** The greatest distance of a match, in bytes. */
export let dictionarySize: i32 = 0
/** Where the next byte goes. */
export let windowEnd: i32 = WINDOW
let windowLimit: i32 = WINDOW

/** Empties the window, for matches that go back at most `size` bytes. */
export function beginWindow(size: i32): void {
  dictionarySize = size
  windowEnd = WINDOW
  windowLimit = WINDOW + size + max(2 * DATA_SIZE_MAX, size >>> 3)
}

/** Empties it again. */
export function resetDictionary(): void {
  windowEnd = WINDOW
}

/** Makes room for `size` bytes, at most a chunk's. Positions stay what they are modulo 16, as the models want them. */
export function reserveData(size: i32): void {
  if (<u32>(windowEnd + size) > <u32>windowLimit) {
    const begin = (windowEnd - dictionarySize) & ~15
    memory.copy(WINDOW, begin, windowEnd - begin)
    windowEnd -= begin - WINDOW
  }
  const missing = <i32>(<u32>(windowEnd + size + GUARD + 0xffff) >>> 16) - memory.size()
  if (missing > 0 && memory.grow(max(missing, 16)) < 0) unreachable()
}

/** Takes over decoded data up to `end`. */
export function setWindowEnd(end: i32): void {
  windowEnd = end
}

/** Copies `length` bytes from `distance` bytes before `to`; they may overlap. */
export function copyMatch(to: i32, distance: i32, length: i32): void {
  const end = to + length
  let from = to - distance
  if (distance >= 16) {
    for (let at = to; at < end; at += 16, from += 16) v128.store(at, v128.load(from))
  } else {
    for (let at = to; at < end; at++, from++) store<u8>(at, load<u8>(from))
  }
}
