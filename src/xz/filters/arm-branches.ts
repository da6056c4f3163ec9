import type { BranchRule } from './branch-decoder.ts'

/** BL that is always taken: eight bits of condition and opcode, 24 of distance in instructions. */
const BL = 0xeb
const DISTANCE_MASK = 0xff_ffff

/** What the program counter of ARM is ahead by, in instructions. */
const AHEAD = 2

/** The branch converter for ARM (filter 0x07; the rule is that of liblzma's arm.c): the target of BL. */
export const ARM_BRANCHES: BranchRule = {
  size: 4,
  undo(code, at, position) {
    if (code.getUint8(at + 3) !== BL) return 4
    const distance = code.getUint32(at, true) - (position >>> 2) - AHEAD
    code.setUint32(at, (BL << 24) | (distance & DISTANCE_MASK), true)
    return 4
  },
}
