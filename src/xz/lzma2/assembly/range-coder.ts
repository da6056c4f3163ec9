/**
 * The range coder: binary decisions in, bytes out. It runs over a list of decisions (see symbols.ts), so that its
 * variables are locals of one loop.
 *
 *     model decision     address of the model << 1 | bit
 *     direct decision    DIRECT | number of bits << 24 | bits, each with the probability of one half
 *
 * A carry goes into the bytes already written, which comes to the same bytes as to hold them back.
 */

export const DIRECT: u32 = 0x8000_0000

/** The lower end of the range; above 2^32 a carry is due. */
let low: u64 = 0
let range: u32 = 0
/** Where the next byte goes. */
export let codedEnd: i32 = 0

/** Starts to code at `address`. */
export function beginCoding(address: i32): void {
  low = 0
  range = 0xffff_ffff
  // The first byte could only ever be a carry's, and is always 0.
  store<u8>(address, 0)
  codedEnd = address + 1
}

function carry(last: i32): void {
  let at = last
  while (load<u8>(at) === 0xff) store<u8>(at--, 0)
  store<u8>(at, load<u8>(at) + 1)
}

/** Codes the decisions from `begin` to `end`. */
export function code(begin: i32, end: i32): void {
  let l = low
  let r = range
  let out = codedEnd
  for (let at = begin; at < end; at += 4) {
    const decision = load<u32>(at)
    if (decision < DIRECT) {
      const model = <i32>(decision >>> 1)
      const probability = <u32>load<u16>(model)
      const bound = (r >>> 11) * probability
      // All ones for a 1. No branch on the bit: what is worth coding cannot be foretold.
      const mask = 0 - (decision & 1)
      l += <u64>(bound & mask)
      r = bound + (mask & (r - bound - bound))
      store<u16>(
        model,
        select(probability - (probability >>> 5), probability + ((2048 - probability) >>> 5), mask !== 0),
      )
      if (r < 0x100_0000) {
        if (l > 0xffff_ffff) carry(out - 1)
        store<u8>(out++, <u8>(l >>> 24))
        l = (l & 0xff_ffff) << 8
        r <<= 8
      }
    } else {
      const bits = decision & 0xff_ffff
      for (let left = <i32>((decision >>> 24) & 127); left > 0; left--) {
        r >>>= 1
        l += <u64>(r & (0 - ((bits >>> (left - 1)) & 1)))
        if (r < 0x100_0000) {
          if (l > 0xffff_ffff) carry(out - 1)
          store<u8>(out++, <u8>(l >>> 24))
          l = (l & 0xff_ffff) << 8
          r <<= 8
        }
      }
    }
  }
  low = l
  range = r
  codedEnd = out
}

/** Writes what is left of the range: the decoder reads no further than to `codedEnd`. */
export function endCoding(): void {
  if (low > 0xffff_ffff) carry(codedEnd - 1)
  const l = <u32>low
  for (let shift = 24; shift >= 0; shift -= 8) store<u8>(codedEnd++, <u8>(l >>> shift))
}
