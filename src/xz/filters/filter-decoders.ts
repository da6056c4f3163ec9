import { readU32le } from '../../bytes/index.ts'
import { XzError } from '../errors.ts'
import { ARM_BRANCHES } from './arm-branches.ts'
import { ARM_THUMB_BRANCHES } from './arm-thumb-branches.ts'
import { createArm64BranchDecoder } from './arm64-branches.ts'
import { type BranchRule, createBranchDecoder } from './branch-decoder.ts'
import { createDeltaDecoder } from './delta.ts'
import type { FilterDecoder } from './filter-decoder.ts'
import {
  FILTER_ARM,
  FILTER_ARM_THUMB,
  FILTER_ARM64,
  FILTER_DELTA,
  FILTER_IA64,
  FILTER_POWERPC,
  FILTER_RISCV,
  FILTER_SPARC,
  FILTER_X86,
  type Filter,
  faultOfFilter,
} from './filter-flags.ts'
import { IA64_BRANCHES } from './ia64-branches.ts'
import { POWERPC_BRANCHES } from './powerpc-branches.ts'
import { RISCV_BRANCHES } from './riscv-branches.ts'
import { SPARC_BRANCHES } from './sparc-branches.ts'
import { createX86BranchDecoder } from './x86-branches.ts'

/** Makes a decoder of a filter's properties, which are valid. */
type DecoderFactory = (properties: Uint8Array) => FilterDecoder

const FACTORIES: ReadonlyMap<number, DecoderFactory> = new Map([
  [FILTER_DELTA, properties => createDeltaDecoder(properties[0] + 1)],
  [FILTER_X86, properties => createX86BranchDecoder(startOffsetOf(properties))],
  [FILTER_POWERPC, byRule(POWERPC_BRANCHES)],
  [FILTER_IA64, byRule(IA64_BRANCHES)],
  [FILTER_ARM, byRule(ARM_BRANCHES)],
  [FILTER_ARM_THUMB, byRule(ARM_THUMB_BRANCHES)],
  [FILTER_SPARC, byRule(SPARC_BRANCHES)],
  [FILTER_ARM64, properties => createArm64BranchDecoder(startOffsetOf(properties))],
  [FILTER_RISCV, byRule(RISCV_BRANCHES)],
])

/**
 * A decoder for any filter but LZMA2, for one block. Throws {@link XzError} `XZ_UNSUPPORTED` if the filter or its properties
 * are not known.
 */
export function createFilterDecoder(filter: Filter): FilterDecoder {
  const fault = faultOfFilter(filter)
  if (fault !== undefined) throw new XzError('XZ_UNSUPPORTED', fault)
  const create = FACTORIES.get(filter.id)
  if (create === undefined) throw new XzError('XZ_UNSUPPORTED', 'LZMA2 (0x21) can only be the last filter')
  return create(filter.properties)
}

function byRule(rule: BranchRule): DecoderFactory {
  return properties => createBranchDecoder(rule, startOffsetOf(properties))
}

function startOffsetOf(properties: Uint8Array): number {
  return properties.length === 0 ? 0 : readU32le(properties, 0)
}
