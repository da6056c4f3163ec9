import { INPUT, PAIRS, QUADS, TRIPLES } from './memory.ts'

/**
 * The latest position of each pair, triple and quadruple of bytes (the latter two by hash), to find what is nearer than
 * the longest match. A position is kept with 1 added: 0 is none.
 */

const TRIPLE_BITS: i32 = 16
const QUAD_BITS: i32 = 17

export function prepareNearest(): void {
  memory.fill(PAIRS, 0, 4 << 16)
  memory.fill(TRIPLES, 0, 4 << TRIPLE_BITS)
  memory.fill(QUADS, 0, 4 << QUAD_BITS)
}

/** Where the latest position with the same two, three, four next bytes is kept. */
export function pairEntry(text: u32): i32 {
  return PAIRS + ((<i32>(text & 0xffff)) << 2)
}

export function tripleEntry(text: u32): i32 {
  return TRIPLES + ((<i32>(((text << 8) * 0x9e37_79b1) >>> (32 - TRIPLE_BITS))) << 2)
}

export function quadEntry(text: u32): i32 {
  return QUADS + ((<i32>((text * 0x9e37_79b1) >>> (32 - QUAD_BITS))) << 2)
}

/** Notes positions that are not parsed, because a match covers them. */
export function note(begin: i32, end: i32): void {
  for (let position = begin; position < end; position++) {
    const text = load<u32>(INPUT + position)
    store<i32>(pairEntry(text), position + 1)
    store<i32>(tripleEntry(text), position + 1)
    store<i32>(quadEntry(text), position + 1)
  }
}
