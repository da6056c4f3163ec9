import type { BranchRule } from './branch-decoder.ts'

/** CALL: two bits of opcode, 30 of distance in instructions. */
const CALL = 0x4000_0000

/**
 * The branch converter for SPARC (filter 0x09; the rule is that of liblzma's sparc.c): the target of CALL. It converts only
 * distances up to 16 MiB, in which bits 22 to 29 are the sign. So a decoder recognizes what was converted.
 */
export const SPARC_BRANCHES: BranchRule = {
  size: 4,
  undo(code, at, position) {
    const instruction = code.getUint32(at)
    const top = instruction >>> 22
    if (top !== 0x100 && top !== 0x1ff) return 4
    const distance = instruction - (position >>> 2)
    const sign = -((distance >>> 22) & 1) & 0x3fc0_0000
    code.setUint32(at, CALL | sign | (distance & 0x3f_ffff))
    return 4
  },
}
