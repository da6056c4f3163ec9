import { equalBytes } from './compare.ts'
import { linkAt, linkedLength, linkedPosition } from './links.ts'
import { CANDIDATES, INPUT } from './memory.ts'
import { noteNearest, pairEntry, quadEntry, tripleEntry } from './nearest.ts'
import { addToRows, latestPosition, lookUpRow } from './rows.ts'

/**
 * The matches that are considered at a position: the nearest of two and three bytes, then, with the radix match finder, that of
 * four and the longest, or else those of a row.
 *
 *     candidate = length, distance - 1    32 bits each; each is longer and farther than the one before
 */

/** Lengths in links stop at the depth of the match finder: then the bytes are compared. */
let depth: i32 = 32
let byRows: boolean = false

/** A depth of 0 stands for rows. */
export function beginCandidates(maximalDepth: i32): void {
  depth = maximalDepth
  byRows = maximalDepth === 0
}

/** Notes positions that are not parsed, because a match covers them. */
export function note(begin: i32, end: i32): void {
  noteNearest(begin, end)
  if (byRows) addToRows(begin, end)
}

/** Two bytes from farther away cost more than they save. */
const PAIR_DISTANCE_MAX: i32 = 128

let end: i32 = CANDIDATES

/** Adds the match with an earlier position if it is the longest so far, and returns what is. `known` bytes are equal. */
function add(position: i32, earlier: i32, known: i32, longest: i32, limit: i32): i32 {
  const length = equalBytes(INPUT + position, INPUT + earlier, known, limit)
  if (length <= longest) return longest
  store<i32>(end, length)
  store<i32>(end, position - earlier - 1, 4)
  end += 8
  return length
}

/** Lists the candidates at `position`, up to `limit` bytes long, and returns the address behind the last. */
export function findCandidates(position: i32, limit: i32): i32 {
  end = CANDIDATES
  if (byRows) findByRows(position, limit)
  else findByLinks(position, limit)
  return end
}

function findByLinks(position: i32, limit: i32): void {
  const text = load<u32>(INPUT + position)
  const pair = pairEntry(text)
  const triple = tripleEntry(text)
  const quad = quadEntry(text)
  const pairDistance = (position - load<u8>(pair)) & 0xff
  const tripleDistance = (position - load<u16>(triple)) & 0xffff
  const fourth = load<i32>(quad) - 1
  store<u8>(pair, <u8>position)
  store<u16>(triple, <u16>position)
  store<i32>(quad, position + 1)
  const link = linkAt(position)
  const linkLength = linkedLength(link)
  // The longest match is also the nearest of that length: only what is nearer than it is of use.
  const oldest = linkLength > 0 ? linkedPosition(link) : -1
  let longest = 1
  let tried = position
  const second = position - pairDistance
  if (second < tried && second > oldest && pairDistance <= PAIR_DISTANCE_MAX) {
    longest = add(position, second, 0, longest, limit)
    tried = second
  }
  const third = position - tripleDistance
  if (third < tried && third > oldest) {
    longest = add(position, third, 0, longest, limit)
    tried = third
  }
  if (fourth < tried && fourth > oldest) longest = add(position, fourth, 0, longest, limit)
  if (linkLength > longest) {
    // Where the link ends at the depth, the bytes tell how long the match is.
    add(position, oldest, min(linkLength, limit), longest, linkLength < depth ? min(linkLength, limit) : limit)
  }
}

function findByRows(position: i32, limit: i32): void {
  const text = load<u32>(INPUT + position)
  const pair = pairEntry(text)
  const triple = tripleEntry(text)
  const pairDistance = (position - load<u8>(pair)) & 0xff
  const tripleDistance = (position - load<u16>(triple)) & 0xffff
  store<u8>(pair, <u8>position)
  store<u16>(triple, <u16>position)
  const second = position - pairDistance
  const third = position - tripleDistance
  let longest = 1
  if (second < position && second >= 0 && pairDistance <= PAIR_DISTANCE_MAX) {
    longest = add(position, second, 0, longest, limit)
  }
  if (third < second && third >= 0) longest = add(position, third, 0, longest, limit)
  for (let tagged = lookUpRow(position); tagged !== 0; tagged &= tagged - 1) {
    longest = add(position, latestPosition(ctz(tagged)), 0, longest, limit)
  }
}
