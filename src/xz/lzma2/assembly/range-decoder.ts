import { CODED } from './window.ts'

/**
 * The range decoder: bytes in, binary decisions out. The models are those of models.ts.
 *
 * Only {@link decide} branches on what it finds, since its callers do so anyway. The others select: what is worth coding
 * cannot be foretold, and a branch that was foretold wrongly costs more than both of its ways (1.6 times the speed).
 */

const TOP: u32 = 1 << 24
const PROBABILITY_BITS: u32 = 11
const PROBABILITY_ONE: u32 = 1 << PROBABILITY_BITS
const ADAPTION: u32 = 5

let range: u32 = 0
let code: u32 = 0
/** The next byte to read. */
export let codedNext: i32 = 0

/** Begins with a chunk. Its first byte belongs to no decision: false if it is not 0, as only that of a damaged chunk is. */
export function beginDecoding(): boolean {
  range = 0xffff_ffff
  code = bswap<u32>(load<u32>(CODED + 1))
  codedNext = CODED + 5
  return load<u8>(CODED) === 0
}

/** Whether all that was coded has been decoded, up to `end`. */
export function isDecoded(end: i32): boolean {
  if (range < TOP) {
    range <<= 8
    code = (code << 8) | load<u8>(codedNext++)
  }
  return codedNext === end && code === 0
}

/** One decision by the model at `model`. */
export function decide(model: i32): boolean {
  let r = range
  let c = code
  if (r < TOP) {
    r <<= 8
    c = (c << 8) | load<u8>(codedNext++)
  }
  const probability: u32 = load<u16>(model)
  const bound = (r >>> PROBABILITY_BITS) * probability
  if (c < bound) {
    range = bound
    code = c
    store<u16>(model, probability + ((PROBABILITY_ONE - probability) >>> ADAPTION))
    return false
  }
  range = r - bound
  code = c - bound
  store<u16>(model, probability - (probability >>> ADAPTION))
  return true
}

/** A number below `size`, a power of two: its highest bit first, each with a model for what came before it. */
export function decodeTree(models: i32, size: i32): i32 {
  let r = range
  let c = code
  let next = codedNext
  let symbol = 1
  let probability: u32 = load<u16>(models, 2)
  do {
    if (r < TOP) {
      r <<= 8
      c = (c << 8) | load<u8>(next++)
    }
    const model = models + (symbol << 1)
    // Both models that may come next.
    const pair: u32 = load<u32>(models + (symbol << 2))
    const bound = (r >>> PROBABILITY_BITS) * probability
    const above = r - bound
    const rest = c - bound
    const bit = c >= bound
    r = select(above, bound, bit)
    c = select(rest, c, bit)
    const lower = probability - (probability >>> ADAPTION)
    store<u16>(model, select(lower, probability + ((PROBABILITY_ONE - probability) >>> ADAPTION), bit))
    probability = select(pair >>> 16, pair & 0xffff, bit)
    symbol = (symbol << 1) + <i32>bit
  } while (symbol < size)
  range = r
  code = c
  codedNext = next
  return symbol - size
}

/** A byte with models that also look at the byte `expected`, as long as it agrees. */
export function decodeByteBy(models: i32, expected: i32): i32 {
  let r = range
  let c = code
  let next = codedNext
  let symbol = 1
  let left = expected << 1
  let agrees = 0x100
  let expectedBit = left & agrees
  let model = models + ((agrees + expectedBit + symbol) << 1)
  let probability: u32 = load<u16>(model)
  do {
    if (r < TOP) {
      r <<= 8
      c = (c << 8) | load<u8>(next++)
    }
    // Both models that may come next.
    left <<= 1
    const agrees0 = agrees & ~expectedBit
    const agrees1 = agrees & expectedBit
    const expectedBit0 = left & agrees0
    const expectedBit1 = left & agrees1
    const model0 = models + ((agrees0 + expectedBit0 + (symbol << 1)) << 1)
    const model1 = models + ((agrees1 + expectedBit1 + (symbol << 1) + 1) << 1)
    const probability0: u32 = load<u16>(model0)
    const probability1: u32 = load<u16>(model1)
    const bound = (r >>> PROBABILITY_BITS) * probability
    const above = r - bound
    const rest = c - bound
    const bit = c >= bound
    r = select(above, bound, bit)
    c = select(rest, c, bit)
    const lower = probability - (probability >>> ADAPTION)
    store<u16>(model, select(lower, probability + ((PROBABILITY_ONE - probability) >>> ADAPTION), bit))
    agrees = select(agrees1, agrees0, bit)
    expectedBit = select(expectedBit1, expectedBit0, bit)
    model = select(model1, model0, bit)
    probability = select(probability1, probability0, bit)
    symbol = (symbol << 1) + <i32>bit
  } while (symbol < 0x100)
  range = r
  code = c
  codedNext = next
  return symbol - 0x100
}

/** A number of `bits` bits, its lowest bit first. */
export function decodeReversedTree(models: i32, bits: i32): i32 {
  let r = range
  let c = code
  let next = codedNext
  let symbol = 1
  let value = 0
  for (let i = 0; i < bits; i++) {
    if (r < TOP) {
      r <<= 8
      c = (c << 8) | load<u8>(next++)
    }
    const model = models + (symbol << 1)
    const probability: u32 = load<u16>(model)
    const bound = (r >>> PROBABILITY_BITS) * probability
    const above = r - bound
    const rest = c - bound
    const bit = c >= bound
    r = select(above, bound, bit)
    c = select(rest, c, bit)
    const lower = probability - (probability >>> ADAPTION)
    store<u16>(model, select(lower, probability + ((PROBABILITY_ONE - probability) >>> ADAPTION), bit))
    symbol = (symbol << 1) + <i32>bit
    value |= (<i32>bit) << i
  }
  range = r
  code = c
  codedNext = next
  return value
}

/** A number of `bits` bits without models, its highest bit first. */
export function decodeDirect(bits: i32): i32 {
  let r = range
  let c = code
  let next = codedNext
  let value = 0
  for (let i = 0; i < bits; i++) {
    if (r < TOP) {
      r <<= 8
      c = (c << 8) | load<u8>(next++)
    }
    r >>>= 1
    const bit = c >= r
    c = select(c - r, c, bit)
    value = (value << 1) + <i32>bit
  }
  range = r
  code = c
  codedNext = next
  return value
}
