import { encodeArm64Branches, gainsFromArm64Branches } from './arm64-branches.ts'
import { FILTER_ARM64, FILTER_X86, type Filter } from './filter-flags.ts'
import { encodeX86Branches, gainsFromX86Branches } from './x86-branches.ts'

/** A filter that makes machine code easier to compress, and takes as many bytes as it gives. */
export interface BranchConverter {
  /** With the start offset 0: its addresses count from the start of the block. */
  readonly filter: Filter
  /** Whether a block gets smaller by it. */
  gains(bytes: Uint8Array): boolean
  /** Converts a whole block, in place. */
  encode(bytes: Uint8Array): void
}

const NO_PROPERTIES = new Uint8Array(0)

/** Every decoder of .xz knows it. */
export const X86_BRANCHES: BranchConverter = {
  filter: { id: FILTER_X86, properties: NO_PROPERTIES },
  gains: gainsFromX86Branches,
  encode: encodeX86Branches,
}

/** Known to liblzma 5.4 (2022) and newer. */
export const ARM64_BRANCHES: BranchConverter = {
  filter: { id: FILTER_ARM64, properties: NO_PROPERTIES },
  gains: gainsFromArm64Branches,
  encode: encodeArm64Branches,
}
