import type { BranchRule } from './branch-decoder.ts'

/** The opcode, the bit "absolute" and the bit "link" of a branch, and what they are in BL: a relative call. */
const BL_MASK = 0xfc00_0003
const BL = 0x4800_0001

/** The branch converter for PowerPC, big endian (filter 0x05; the rule is that of liblzma's powerpc.c): the target of BL. */
export const POWERPC_BRANCHES: BranchRule = {
  size: 4,
  undo(code, at, position) {
    const instruction = code.getUint32(at)
    // The distance is counted in bytes: its two lowest bits are always zero, and their place is taken.
    if ((instruction & BL_MASK) >>> 0 === BL) code.setUint32(at, BL | ((instruction - position) & ~BL_MASK))
    return 4
  },
}
