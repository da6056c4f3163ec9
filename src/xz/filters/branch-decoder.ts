import type { FilterDecoder } from './filter-decoder.ts'

/** How a branch converter is undone that decides by one instruction, or pair of them, at a time. */
export interface BranchRule {
  /** How many bytes decide what happens at an offset. Where fewer are left, nothing is converted. */
  readonly size: number
  /**
   * Undoes the conversion at `at`, in place, and returns how many bytes further on the next decision is made: at most
   * `size`. `position` is that of the byte at `at` in the program (from 0 to 2^32 - 1). It may change the `size` bytes
   * from `at` on, and only those before the next decision.
   */
  undo(bytes: Uint8Array, at: number, position: number): number
}

/** A decoder for a branch converter. `startOffset` is the position of the block's first byte. */
export function createBranchDecoder({ size, undo }: BranchRule, startOffset: number): FilterDecoder {
  let position = startOffset
  return {
    decode(bytes) {
      let at = 0
      while (at + size <= bytes.length) at += undo(bytes, at, (position + at) >>> 0)
      position = (position + at) >>> 0
      return at
    },
  }
}
