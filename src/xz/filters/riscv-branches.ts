/**
 * The branch converter for RISC-V (filter 0x0B; the rule is that of liblzma's riscv.c, which has it from 5.6 on).
 *
 * Two kinds of instructions are converted: JAL, and pairs of AUIPC with an instruction that adds its own 12 bits.
 * Converted, they have the target as a big-endian number, whose upper bytes repeat more often. A pair becomes
 *
 *     AUIPC to x2 with the lower 20 bits of its second instruction, target (32 bits, big endian)
 *
 * and the register of AUIPC is that which the second instruction reads. Pairs that look like this before conversion were
 * turned by the encoder into what a pair for another register looks like. The decoder turns these back.
 */
import type { BranchRule } from './branch-decoder.ts'

/** The lowest byte of JAL to an odd register. */
const JAL = 0xef
const AUIPC = 0x17

/** A converted pair starts with AUIPC to x2 and the two bits that every second instruction of 32 bits ends with. */
const CONVERTED = 0x3117
const CONVERTED_MASK = 0x3fff

/** Instructions are two or four bytes long, a pair eight. JAL is not converted in the last six bytes either. */
export const RISCV_BRANCHES: BranchRule = {
  size: 8,
  undo(code, at, position) {
    if (code.getUint8(at) === JAL) return undoJal(code, at, position)
    if ((code.getUint8(at) & 0x7f) !== AUIPC) return 2
    const auipc = code.getUint32(at, true)
    return isX0OrX2((auipc >>> 7) & 0x1f) ? undoPair(code, at, auipc, position) : restorePair(code, at, auipc)
  },
}

/** Only calls are converted: JAL to x1 or x5, the registers for where to return to. */
function undoJal(code: DataView, at: number, position: number): number {
  const rest = code.getUint8(at + 1)
  if ((rest & 0x0d) !== 0) return 2
  const target = ((rest & 0xf0) << 13) | (code.getUint8(at + 2) << 9) | (code.getUint8(at + 3) << 1)
  const distance = target - position
  // The order of JAL: bit 20, bits 1 to 10, bit 11, bits 12 to 19.
  const immediate =
    (((distance >>> 20) & 1) << 31) |
    (((distance >>> 1) & 0x3ff) << 21) |
    (((distance >>> 11) & 1) << 20) |
    (((distance >>> 12) & 0xff) << 12)
  code.setUint32(at, immediate | ((rest & 0x0f) << 8) | JAL, true)
  return 4
}

/** Turns a converted pair into the two instructions that it was. */
function undoPair(code: DataView, at: number, auipc: number, position: number): number {
  const register = auipc >>> 27
  if ((auipc & CONVERTED_MASK) !== CONVERTED || isX0OrX2(register)) return 4
  const distance = code.getUint32(at + 4) - position
  // The second instruction's 12 bits are signed: where they are negative, AUIPC has one more.
  code.setUint32(at, ((distance + 0x800) & 0xffff_f000) | (register << 7) | AUIPC, true)
  code.setUint32(at + 4, (distance << 20) | (auipc >>> 12), true)
  return 8
}

/** Turns what looks like a pair that was left as it is into the converted look that it had before. */
function restorePair(code: DataView, at: number, auipc: number): number {
  const second = code.getUint32(at + 4, true)
  const isPair = (second & 3) === 3 && ((second >>> 15) & 0x1f) === ((auipc >>> 7) & 0x1f)
  // The second instruction may be an AUIPC itself, but an encoder does not look at it as the first of a pair.
  if (!isPair) return 6
  code.setUint32(at, (second << 12) | (2 << 7) | AUIPC, true)
  code.setUint32(at + 4, (auipc & 0xffff_f000) + (second >>> 20), true)
  return 8
}

function isX0OrX2(register: number): boolean {
  return (register & 0x1d) === 0
}
