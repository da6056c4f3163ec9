/**
 * The branch converter for IA-64 (filter 0x06; the rule is that of liblzma's ia64.c): the targets of relative calls.
 *
 * A bundle of 128 bits, little-endian, has 5 bits of template and three instructions of 41 bits. Converted are calls: opcode 5
 * in bits 37 to 40, with zero in bits 9 to 11. Their distance in bundles has 20 bits from bit 13 on, and the sign in bit 36.
 */
import type { BranchRule } from './branch-decoder.ts'

/** For each template, which of the instructions are those of branches: bit i stands for the i-th. */
const BRANCH_SLOTS = [
  ...[0, 0, 0, 0, 0, 0, 0, 0],
  ...[0, 0, 0, 0, 0, 0, 0, 0],
  ...[4, 4, 6, 6, 0, 0, 7, 7],
  ...[4, 4, 0, 0, 4, 4, 0, 0],
]

const BUNDLE_SIZE = 16
const TEMPLATE_BITS = 5
const INSTRUCTION_BITS = 41

/** An instruction with bits before it to a full byte: 48 bits, which a number can hold exactly. */
const WINDOW_SIZE = 6

export const IA64_BRANCHES: BranchRule = {
  size: BUNDLE_SIZE,
  undo(code, at, position) {
    const slots = BRANCH_SLOTS[code.getUint8(at) & 0x1f]
    for (let slot = 0; slot < 3; slot++) {
      if ((slots >> slot) & 1) undoSlot(code, at, TEMPLATE_BITS + slot * INSTRUCTION_BITS, position)
    }
    return BUNDLE_SIZE
  },
}

/** Undoes the conversion of the instruction that starts `bit` bits behind the start of the bundle at `at`. */
function undoSlot(code: DataView, at: number, bit: number, position: number): void {
  const start = at + (bit >>> 3)
  const shift = bit & 7
  let window = 0
  for (let i = WINDOW_SIZE - 1; i >= 0; i--) window = window * 256 + code.getUint8(start + i)
  const field = (from: number, bits: number) => Math.floor(window / 2 ** (shift + from)) % 2 ** bits
  if (field(37, 4) !== 5 || field(9, 3) !== 0) return
  const low = field(13, 20)
  const sign = field(36, 1)
  const distance = sign * 2 ** 20 + low - (position >>> 4)
  window += ((distance & 0xf_ffff) - low) * 2 ** (shift + 13)
  window += (((distance >>> 20) & 1) - sign) * 2 ** (shift + 36)
  for (let i = 0; i < WINDOW_SIZE; i++) code.setUint8(start + i, Math.floor(window / 256 ** i) % 256)
}
