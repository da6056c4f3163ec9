import { hash } from './hash.ts'
import { INPUT, PAIRS, QUADS, TRIPLES } from './memory.ts'

/**
 * The latest position of each pair, triple and quadruple of bytes (the latter two by hash), to find what is nearer than
 * the longest match.
 *
 *     pairs      the low 8 bits of a position, by the two bytes
 *     triples    the low 16 bits of a position
 *     quads      a position with 1 added: 0 is none
 *
 * Pairs and triples are of use only if they are near. So few bits do, and the tables stay in the processor's caches. What is
 * found has to be compared with the bytes in any case.
 */

const TRIPLE_BITS: i32 = 15
const QUAD_BITS: i32 = 15

export function prepareNearest(): void {
  memory.fill(PAIRS, 0, 1 << 16)
  memory.fill(TRIPLES, 0, 2 << TRIPLE_BITS)
  memory.fill(QUADS, 0, 4 << QUAD_BITS)
}

/** Where the latest position with the same two, three, four next bytes is kept. */
export function pairEntry(text: u32): i32 {
  return PAIRS + <i32>(text & 0xffff)
}

export function tripleEntry(text: u32): i32 {
  return TRIPLES + <i32>((hash(text << 8) >>> (32 - TRIPLE_BITS)) << 1)
}

export function quadEntry(text: u32): i32 {
  return QUADS + <i32>((hash(text) >>> (32 - QUAD_BITS)) << 2)
}

/** Notes positions that are not looked up. */
export function noteNearest(begin: i32, end: i32): void {
  for (let position = begin; position < end; position++) {
    const text = load<u32>(INPUT + position)
    store<u8>(pairEntry(text), <u8>position)
    store<u16>(tripleEntry(text), <u16>position)
    store<i32>(quadEntry(text), position + 1)
  }
}
