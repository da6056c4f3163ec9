import type { BranchRule } from './branch-decoder.ts'

/** BL is two halves of 16 bits, the first one lower: five bits of opcode and eleven of distance each, the upper ones first. */
const BL_MASK = 0xf800_f800
const BL = 0xf800_f000

/** What the program counter of Thumb is ahead by, in halves. */
const AHEAD = 2

/** The branch converter for ARM Thumb (filter 0x08; the rule is that of liblzma's armthumb.c): the target of BL. */
export const ARM_THUMB_BRANCHES: BranchRule = {
  size: 4,
  undo(code, at, position) {
    const instruction = code.getUint32(at, true)
    if ((instruction & BL_MASK) >>> 0 !== BL) return 2
    const target = ((instruction & 0x7ff) << 11) | ((instruction >>> 16) & 0x7ff)
    const distance = target - (position >>> 1) - AHEAD
    code.setUint32(at, BL | ((distance >>> 11) & 0x7ff) | ((distance & 0x7ff) << 16), true)
    return 4
  },
}
