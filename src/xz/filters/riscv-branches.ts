/**
 * The branch converter for RISC-V (filter 0x0B; the rule is that of liblzma's riscv.c, which has it from 5.6 on).
 *
 * Two kinds of instructions are converted: JAL, and pairs of AUIPC with one that adds its own 12 bits to what AUIPC gave.
 * Converted, they have the target as a big-endian number, whose upper bytes repeat more often. A pair becomes
 *
 *     AUIPC to x2 with the lower 20 bits of its second instruction, target (32 bits, big endian)
 *
 * and the register of AUIPC is that which the second instruction reads. Pairs that look like this before conversion were
 * turned by the encoder into what a pair for another register looks like. The decoder turns these back.
 */
import { readU32be, readU32le, writeU32le } from '../../bytes/index.ts'
import type { BranchRule } from './branch-decoder.ts'

/** The lowest byte of JAL to an odd register. */
const JAL = 0xef
const AUIPC = 0x17

/** A converted pair starts with AUIPC to x2 and the two bits that every second instruction of 32 bits ends with. */
const CONVERTED = 0x3117
const CONVERTED_MASK = 0x3fff

/** Instructions are two or four bytes long, a pair that is converted eight: also JAL is not converted in the last six. */
export const RISCV_BRANCHES: BranchRule = {
  size: 8,
  undo(bytes, at, position) {
    if (bytes[at] === JAL) return undoJal(bytes, at, position)
    if ((bytes[at] & 0x7f) !== AUIPC) return 2
    const auipc = readU32le(bytes, at)
    return isX0OrX2((auipc >>> 7) & 0x1f) ? undoPair(bytes, at, auipc, position) : restorePair(bytes, at, auipc)
  },
}

/** Only calls are converted: JAL to x1 or x5, the registers for where to return to. */
function undoJal(bytes: Uint8Array, at: number, position: number): number {
  const rest = bytes[at + 1]
  if ((rest & 0x0d) !== 0) return 2
  const target = ((rest & 0xf0) << 13) | (bytes[at + 2] << 9) | (bytes[at + 3] << 1)
  const distance = target - position
  // The order of JAL: bit 20, bits 1 to 10, bit 11, bits 12 to 19.
  const immediate =
    (((distance >>> 20) & 1) << 31) |
    (((distance >>> 1) & 0x3ff) << 21) |
    (((distance >>> 11) & 1) << 20) |
    (((distance >>> 12) & 0xff) << 12)
  writeU32le(bytes, at, immediate | ((rest & 0x0f) << 8) | JAL)
  return 4
}

/** Turns a converted pair into the two instructions that it was. */
function undoPair(bytes: Uint8Array, at: number, auipc: number, position: number): number {
  const register = auipc >>> 27
  if ((auipc & CONVERTED_MASK) !== CONVERTED || isX0OrX2(register)) return 4
  const distance = readU32be(bytes, at + 4) - position
  // The second instruction's 12 bits are signed: where they are negative, AUIPC has one more.
  writeU32le(bytes, at, ((distance + 0x800) & 0xffff_f000) | (register << 7) | AUIPC)
  writeU32le(bytes, at + 4, (distance << 20) | (auipc >>> 12))
  return 8
}

/** Turns what looks like a pair that was left as it is into the converted look that it had before. */
function restorePair(bytes: Uint8Array, at: number, auipc: number): number {
  const second = readU32le(bytes, at + 4)
  const isPair = (second & 3) === 3 && ((second >>> 15) & 0x1f) === ((auipc >>> 7) & 0x1f)
  // The second instruction may be an AUIPC itself, but an encoder does not look at it as the first of a pair.
  if (!isPair) return 6
  writeU32le(bytes, at, (second << 12) | (2 << 7) | AUIPC)
  writeU32le(bytes, at + 4, (auipc & 0xffff_f000) + (second >>> 20))
  return 8
}

function isX0OrX2(register: number): boolean {
  return (register & 0x1d) === 0
}
