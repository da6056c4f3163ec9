import type { FilterDecoder } from './filter-decoder.ts'

/** How a branch converter is undone that decides by one instruction, or pair of them, at a time. */
export interface BranchRule {
  /** How many bytes decide what happens at an offset. Where fewer are left, nothing is converted. */
  readonly size: number
  /**
   * Undoes the conversion at the offset `at`, in place, and returns how many bytes further on the next decision is made: at
   * most `size`. It changes only bytes before that one. `position` is that of the byte at `at` in the program, modulo 2^32.
   */
  undo(code: DataView, at: number, position: number): number
}

/** A decoder for a branch converter. `startOffset` is the position of the block's first byte. */
export function createBranchDecoder({ size, undo }: BranchRule, startOffset: number): FilterDecoder {
  let position = startOffset
  return {
    decode(bytes) {
      const code = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      const end = bytes.length - size
      let at = 0
      while (at <= end) at += undo(code, at, (position + at) >>> 0)
      position = (position + at) >>> 0
      return at
    },
  }
}
