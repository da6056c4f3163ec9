import { equalBytes } from './compare.ts'
import { chains, INPUT, QUADS, TRIPLES } from './memory.ts'
import { quadHash, tripleHash } from './nearest.ts'

/**
 * The match finder of the fast levels: the latest position of each three bytes, and chains through the positions with
 * the same hash of four bytes, the latest first, for the positions of a window. Positions are kept with 1 added.
 */

const TRIPLE_BITS: i32 = 16
const QUAD_BITS: i32 = 17

let windowSize: i32 = 0
let depth: i32 = 0
let nice: i32 = 0

/** The match found: below 3 bytes there is none. The distance is 1 for the byte before. */
export let foundLength: i32 = 0
export let foundDistance: i32 = 0

export function beginChain(window: i32, maximalDepth: i32, niceLength: i32): void {
  windowSize = window
  depth = maximalDepth
  nice = niceLength
}

/** Empties the tables. */
export function prepareChain(): void {
  memory.fill(TRIPLES, 0, 4 << TRIPLE_BITS)
  memory.fill(QUADS, 0, 4 << QUAD_BITS)
}

function tripleEntry(text: u32): i32 {
  return TRIPLES + (tripleHash(text, TRIPLE_BITS) << 2)
}

function quadEntry(text: u32): i32 {
  return QUADS + (quadHash(text, QUAD_BITS) << 2)
}

/** Adds positions that are not looked up. */
export function addToChain(begin: i32, end: i32): void {
  const mask = windowSize - 1
  for (let position = begin; position < end; position++) {
    const text = load<u32>(INPUT + position)
    const quad = quadEntry(text)
    store<i32>(chains + ((position & mask) << 2), load<i32>(quad))
    store<i32>(quad, position + 1)
    store<i32>(tripleEntry(text), position + 1)
  }
}

/** Finds a long match at `position`, of the nearest one of that length, and adds the position. */
export function findInChain(position: i32, limit: i32): void {
  const address = INPUT + position
  const text = load<u32>(address)
  const quad = quadEntry(text)
  const triple = tripleEntry(text)
  const nearest = load<i32>(triple)
  let entry = load<i32>(quad)
  store<i32>(triple, position + 1)
  store<i32>(quad, position + 1)
  const mask = windowSize - 1
  store<i32>(chains + ((position & mask) << 2), entry)
  const oldest = max(position - windowSize, 0)
  let longest = 2
  let distance = 0
  if (nearest > oldest && limit >= 3) {
    const length = equalBytes(address, INPUT + nearest - 1, 0, limit)
    if (length > 2) {
      longest = length
      distance = position - nearest + 1
    }
  }
  for (let left = depth; left > 0 && entry > oldest && longest < limit; left--) {
    const earlier = INPUT + entry - 1
    // Only what also has the byte behind the longest match can be longer.
    if (load<u8>(earlier + longest) === load<u8>(address + longest)) {
      const length = equalBytes(address, earlier, 0, limit)
      if (length > longest) {
        longest = length
        distance = address - earlier
        if (length >= nice) break
      }
    }
    entry = load<i32>(chains + (((entry - 1) & mask) << 2))
  }
  foundLength = distance > 0 ? longest : 0
  foundDistance = distance
}
