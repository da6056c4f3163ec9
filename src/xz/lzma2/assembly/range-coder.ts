import { contextBehindMatch } from './models.ts'

/**
 * The range coder: binary decisions in, bytes out. It runs over a list of decisions (see symbols.ts), so that all are coded in
 * one loop.
 *
 *     model decision     address of the model << 1 | bit
 *     literal            LITERAL or LITERAL_BEHIND_MATCH | address of the models; then the byte and the one behind the match, 8
 *                        bits each, and the address of the model for "no match", 16 bits: nine decisions
 *     direct decision    DIRECT | number of bits << 24 | bits, each with the probability of one half
 *
 * The size of the range goes through the functions as an argument and their result: each decision waits for that of the one
 * before, and in memory it would wait longer. A carry goes into the bytes already written, which comes to the same bytes as to
 * hold them back.
 */

export const LITERAL: u32 = 0x4000_0000
export const LITERAL_BEHIND_MATCH: u32 = 0x4001_0000
export const DIRECT: u32 = 0x8000_0000

/** The lower end of the range; above 2^32 a carry is due. */
let low: u64 = 0
/** The size of the range between lists. */
let rangeKept: u32 = 0
/** Where the next byte goes. */
export let codedEnd: i32 = 0

/** Starts to code at `address`. */
export function beginCoding(address: i32): void {
  low = 0
  rangeKept = 0xffff_ffff
  // The first byte could only ever be a carry's, and is always 0.
  store<u8>(address, 0)
  codedEnd = address + 1
}

/** Codes the decisions from `begin` to `end`. */
export function code(begin: i32, end: i32): void {
  let range = rangeKept
  for (let at = begin; at < end; at += 4) {
    const decision = load<u32>(at)
    if (decision < LITERAL) {
      range = inline.always(codeDecision(range, <i32>(decision >>> 1), 0 - <i32>(decision & 1)))
    } else if (decision < DIRECT) {
      const models = <i32>(decision & 0xffff)
      const byte = <i32>load<u8>(at, 4)
      range = inline.always(codeDecision(range, load<u16>(at, 6), 0))
      if (decision < LITERAL_BEHIND_MATCH) range = codeLiteral(range, models, byte)
      else range = codeLiteralBehindMatch(range, models, byte, load<u8>(at, 5))
      at += 4
    } else {
      range = codeDirect(range, decision & 0xff_ffff, <i32>((decision >>> 24) & 127))
    }
  }
  rangeKept = range
}

function codeLiteral(begin: u32, models: i32, byte: i32): u32 {
  let range = inline.always(codeBit(begin, models, byte, 7))
  range = inline.always(codeBit(range, models, byte, 6))
  range = inline.always(codeBit(range, models, byte, 5))
  range = inline.always(codeBit(range, models, byte, 4))
  range = inline.always(codeBit(range, models, byte, 3))
  range = inline.always(codeBit(range, models, byte, 2))
  range = inline.always(codeBit(range, models, byte, 1))
  return inline.always(codeBit(range, models, byte, 0))
}

/** Codes a bit of a literal; the context is the bits above it. */
function codeBit(range: u32, models: i32, byte: i32, bit: i32): u32 {
  return inline.always(codeDecision(range, models + (((byte | 0x100) >>> (bit + 1)) << 1), (byte << (31 - bit)) >> 31))
}

function codeLiteralBehindMatch(begin: u32, models: i32, byte: i32, expected: i32): u32 {
  let range = inline.always(codeBitBehindMatch(begin, models, byte, expected, 7))
  range = inline.always(codeBitBehindMatch(range, models, byte, expected, 6))
  range = inline.always(codeBitBehindMatch(range, models, byte, expected, 5))
  range = inline.always(codeBitBehindMatch(range, models, byte, expected, 4))
  range = inline.always(codeBitBehindMatch(range, models, byte, expected, 3))
  range = inline.always(codeBitBehindMatch(range, models, byte, expected, 2))
  range = inline.always(codeBitBehindMatch(range, models, byte, expected, 1))
  return inline.always(codeBitBehindMatch(range, models, byte, expected, 0))
}

/** The same behind a match: see `contextBehindMatch`. */
function codeBitBehindMatch(range: u32, models: i32, byte: i32, expected: i32, bit: i32): u32 {
  return inline.always(codeBit(range, models + (contextBehindMatch(byte, expected, bit) << 1), byte, bit))
}

/** Codes a decision. `mask` is all ones for a 1, and 0 for a 0. Returns the range that is left. */
function codeDecision(range: u32, model: i32, mask: i32): u32 {
  const probability = <i32>load<u16>(model)
  // No branch on the decision: what is worth coding cannot be foretold. The model moves towards 2048, or 31.
  store<u16>(model, probability + (((2048 ^ (mask & (2048 ^ 31))) - probability) >> 5))
  const bound = (range >>> 11) * <u32>probability
  low += <u64>(bound & mask)
  return inline.always(normalize(select(range - bound, bound, mask !== 0)))
}

/** Codes the low `count` bits of `bits`, the highest first, each with the probability of one half. */
function codeDirect(begin: u32, bits: u32, count: i32): u32 {
  let range = begin
  for (let bit = count - 1; bit >= 0; bit--) {
    range >>>= 1
    low += <u64>(range & (0 - ((bits >>> bit) & 1)))
    range = inline.always(normalize(range))
  }
  return range
}

/** Writes a byte if the range has become small. */
function normalize(range: u32): u32 {
  if (range >= 0x100_0000) return range
  const end = codedEnd
  // That there is a carry cannot be foretold either, but that it stops at the last byte can.
  const last = <u32>load<u8>(end - 1) + <u32>(low >>> 32)
  store<u8>(end - 1, last)
  if (last > 0xff) carry(end - 2)
  store<u8>(end, low >>> 24)
  low = (low & 0xff_ffff) << 8
  codedEnd = end + 1
  return range << 8
}

function carry(last: i32): void {
  let at = last
  while (load<u8>(at) === 0xff) store<u8>(at--, 0)
  store<u8>(at, load<u8>(at) + 1)
}

/** Writes what is left of the range: the decoder reads no further than to `codedEnd`. */
export function endCoding(): void {
  if (low > 0xffff_ffff) carry(codedEnd - 1)
  store<u32>(codedEnd, bswap<u32>(<u32>low))
  codedEnd += 4
}
