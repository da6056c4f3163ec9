import { equalBytes } from './compare.ts'
import { CANDIDATES, INPUT, links } from './memory.ts'
import { pairEntry, quadEntry, tripleEntry } from './nearest.ts'

/**
 * The matches that are considered at a position: the nearest of two, three and four bytes, and the longest.
 *
 *     candidate = length, distance - 1    32 bits each; each is longer and farther than the one before
 */

/** Lengths in links stop at the depth of the match finder: then the bytes are compared. */
let depth: i32 = 32

export function setCandidateDepth(value: i32): void {
  depth = value
}

/** Two and three bytes from farther away cost more than they save. */
const PAIR_DISTANCE_MAX: i32 = 128
const TRIPLE_DISTANCE_MAX: i32 = 1 << 17

let end: i32 = CANDIDATES

function add(position: i32, earlier: i32, known: i32, longest: i32, limit: i32): i32 {
  const length = equalBytes(INPUT + position, INPUT + earlier, known, limit)
  if (length <= longest || length < 2) return longest
  store<i32>(end, length)
  store<i32>(end, position - earlier - 1, 4)
  end += 8
  return length
}

/** Lists the candidates at `position`, up to `limit` bytes long, and returns the address behind the last. */
export function findCandidates(position: i32, limit: i32): i32 {
  end = CANDIDATES
  const text = load<u32>(INPUT + position)
  const pair = pairEntry(text)
  const triple = tripleEntry(text)
  const quad = quadEntry(text)
  const second = load<i32>(pair) - 1
  const third = load<i32>(triple) - 1
  const fourth = load<i32>(quad) - 1
  store<i32>(pair, position + 1)
  store<i32>(triple, position + 1)
  store<i32>(quad, position + 1)
  const link = load<u32>(links + (position << 2))
  const farthest = <i32>(link & 0xff_ffff)
  const linkLength = <i32>(link >>> 24)
  let longest = 1
  // The longest match is also the nearest: nothing else can be of use.
  if (second >= 0 && position - second <= PAIR_DISTANCE_MAX && (second !== farthest || linkLength === 0)) {
    longest = add(position, second, 2, longest, limit)
  }
  const isNear = third >= 0 && position - third <= TRIPLE_DISTANCE_MAX
  if (isNear && third > farthest - <i32>(linkLength === 0) && third !== second) {
    longest = add(position, third, 0, longest, limit)
  }
  if (fourth >= 0 && (fourth > farthest || linkLength === 0) && fourth !== third && fourth !== second) {
    longest = add(position, fourth, 0, longest, limit)
  }
  if (linkLength > longest) {
    const known = min(linkLength, limit)
    if (linkLength >= depth) add(position, farthest, known, longest, limit)
    else if (known > longest) {
      store<i32>(end, known)
      store<i32>(end, position - farthest - 1, 4)
      end += 8
    }
  }
  return end
}
