import { COUNTERS, FINGERPRINTS, INPUT, PIECES } from './memory.ts'

/**
 * Finds out early which pieces of the block cannot be compressed, because they already are: the values of their bytes
 * are spread evenly, and nothing of them occurs twice. Neither is their text sorted nor are they parsed.
 */

export const PIECE_BITS: i32 = 15
export const PIECE_SIZE: i32 = 1 << PIECE_BITS

/** Bytes that are counted at a time. */
const PART_SIZE: i32 = PIECE_SIZE >>> 3

/** To compress. */
export const ORDINARY: u8 = 0
/** To store. */
export const STORED: u8 = 1
/** To store, but later pieces repeat it. */
export const STORED_SOURCE: u8 = 2

/** The sum of squares of the counts of evenly spread values (PIECE_SIZE^2 / 256), with a chi-square of 1500. */
const EVEN: i32 = ((PIECE_SIZE + 1500) >>> 8) * PIECE_SIZE
/** One position of 64 is looked up by its next eight bytes. */
const SAMPLING: u64 = 63
const FINGERPRINT_BITS: i32 = 18
/** Of about 512 in a piece, so many must be repeats to make it ordinary. */
const REPEATS_MIN: i32 = 8

export function preparePieces(): void {
  memory.fill(FINGERPRINTS, 0, 4 << FINGERPRINT_BITS)
}

export function kindOf(piece: i32): u8 {
  return load<u8>(PIECES + piece)
}

/** Classes a piece by itself and those before it. A last piece that is not full is ordinary. */
export function classify(piece: i32, size: i32): void {
  const begin = piece << PIECE_BITS
  const stored = begin + PIECE_SIZE <= size && isEven(INPUT + begin) && countRepeats(begin) < REPEATS_MIN
  store<u8>(PIECES + piece, stored ? STORED : ORDINARY)
}

function isEven(address: i32): boolean {
  memory.fill(COUNTERS, 0, 1024)
  // The sum of squares only grows: most pieces show early that they are not.
  for (let part = address; part < address + PIECE_SIZE; part += PART_SIZE) {
    if (!isEvenWith(part)) return false
  }
  return true
}

/** Counts the bytes of one more part: is the sum of squares still below the bound? */
function isEvenWith(part: i32): boolean {
  for (let at = part; at < part + PART_SIZE; at++) {
    const counter = COUNTERS + ((<i32>load<u8>(at)) << 2)
    store<u32>(counter, load<u32>(counter) + 1)
  }
  let sum: u64 = 0
  for (let at = COUNTERS; at < COUNTERS + 1024; at += 4) {
    const count = <u64>load<u32>(at)
    sum += count * count
  }
  return sum < <u64>EVEN
}

function countRepeats(begin: i32): i32 {
  let repeats = 0
  for (let position = begin; position < begin + PIECE_SIZE; position++) {
    const text = load<u64>(INPUT + position)
    const hash = text * 0x1e_3779_b97f_4a7d
    if (((hash >>> 20) & SAMPLING) !== 0) continue
    const entry = FINGERPRINTS + ((<i32>(hash >>> (64 - FINGERPRINT_BITS))) << 2)
    // Positions are kept with 1 added, so that 0 is none.
    const earlier = load<i32>(entry) - 1
    if (earlier >= 0 && load<u64>(INPUT + earlier) === text) {
      repeats++
      const kind = PIECES + (earlier >>> PIECE_BITS)
      if (load<u8>(kind) === STORED) store<u8>(kind, STORED_SOURCE)
    }
    store<i32>(entry, position + 1)
  }
  return repeats
}

/** To change the way of coding costs what was learned: a single piece to store between others is made ordinary. */
export function smoothPieces(count: i32): void {
  for (let piece = 0; piece < count; piece++) {
    const before = piece > 0 && kindOf(piece - 1) !== ORDINARY
    const after = piece + 1 < count && kindOf(piece + 1) !== ORDINARY
    if (!before && !after) store<u8>(PIECES + piece, ORDINARY)
  }
}
