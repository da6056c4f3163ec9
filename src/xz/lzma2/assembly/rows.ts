import { equalBytes } from './compare.ts'
import { hashAt } from './hash.ts'
import { INPUT, LATEST_ROW, ROWS } from './memory.ts'

/**
 * The match finder of the fast levels, and of blocks that are nearly all long repeats: rows of the four latest positions with the
 * same hash of four bytes, the latest first.
 *
 *     row      four entries of 32 bits, found by the highest bits of the hash
 *     entry    tag << 24 | position; the tag is eight of the other bits
 *
 * The tags of a row are compared at once; this spares most looks at data that is no match. An entry that was never set stands for
 * position 0. Whatever is found has to be compared with the bytes in any case.
 */

/** As many bits as find a row at most: those behind them are the tag. */
const TAG_SHIFT: i32 = 17

/** How far the bits that find a row are from the end of the hash. */
let rowShift: u32 = 0

/** The match found: below 4 bytes there is none. The distance is 1 for the byte before. */
export let foundLength: i32 = 0
export let foundDistance: i32 = 0

/** Empties 2^`bits` rows: 17 bits at most. */
export function prepareRows(bits: i32): void {
  rowShift = 32 - bits
  memory.fill(ROWS, 0, 16 << bits)
}

/** Puts a position in front of the entries of a row. */
function insert(row: i32, entries: v128, hash: u32, position: i32): void {
  const moved = v128.shuffle<i32>(entries, entries, 0, 0, 1, 2)
  v128.store(row, i32x4.replace_lane(moved, 0, <i32>((hash << TAG_SHIFT) & 0xff00_0000) | position))
}

/** Adds positions that are not looked up. */
export function addToRows(begin: i32, end: i32): void {
  for (let position = begin; position < end; position++) {
    const hash = hashAt(INPUT + position)
    const row = ROWS + <i32>((hash >>> rowShift) << 4)
    insert(row, v128.load(row), hash, position)
  }
}

/** Adds a position. Returns which of the entries in its row before have its tag, as bits; see `latestPosition`. */
export function lookUpRow(position: i32): i32 {
  const hash = hashAt(INPUT + position)
  const row = ROWS + <i32>((hash >>> rowShift) << 4)
  const entries = v128.load(row)
  v128.store(LATEST_ROW, entries)
  insert(row, entries, hash, position)
  return i32x4.bitmask(i8x16.eq(entries, i8x16.splat(<i8>(hash >>> (24 - TAG_SHIFT)))))
}

/** The position of an entry, 0 to 3, in the row that was looked up last. */
export function latestPosition(index: i32): i32 {
  return <i32>(load<u32>(LATEST_ROW + (index << 2)) & 0xff_ffff)
}

/** Finds the longest match at `position`, of those the nearest, and adds the position. */
export function findInRows(position: i32, limit: i32): void {
  const address = INPUT + position
  let longest = 3
  let distance = 0
  for (let tagged = lookUpRow(position); tagged !== 0; tagged &= tagged - 1) {
    const earlier = INPUT + latestPosition(ctz(tagged))
    // Only what also has the byte behind the longest match can be longer.
    if (load<u32>(earlier + longest - 3) === load<u32>(address + longest - 3)) {
      const length = equalBytes(address, earlier, 0, limit)
      if (length > longest) {
        longest = length
        distance = address - earlier
      }
    }
  }
  foundLength = distance > 0 ? longest : 0
  foundDistance = distance
}

/** Takes the match with another earlier position instead, if it is longer than the one found. */
export function compareWith(earlier: i32, position: i32, limit: i32): void {
  const length = equalBytes(INPUT + position, INPUT + earlier, 0, limit)
  if (length <= max(foundLength, 3)) return
  foundLength = length
  foundDistance = position - earlier
}
