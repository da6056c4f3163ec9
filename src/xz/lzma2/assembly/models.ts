import { MODELS } from './memory.ts'

/**
 * The adaptive models of LZMA: probabilities (of 2048) that a binary decision is 0, 16 bits each, at fixed addresses.
 *
 * A model for each state and position state is at `[state << 4 | positionState]`.
 */

/** Is it a match (or a repeated match), rather than a literal? By state and position state. */
export const IS_MATCH: i32 = MODELS
/** Has the match one of the four latest distances? By state. */
export const IS_REP: i32 = IS_MATCH + 192 * 2
/** Not the latest? By state. */
export const IS_REP_G0: i32 = IS_REP + 16 * 2
/** Not the second? By state. */
export const IS_REP_G1: i32 = IS_REP_G0 + 16 * 2
/** Not the third? By state. */
export const IS_REP_G2: i32 = IS_REP_G1 + 16 * 2
/** Longer than a byte? By state and position state. */
export const IS_REP0_LONG: i32 = IS_REP_G2 + 16 * 2
/** Slots of distances: four trees of 64, by length. */
export const DISTANCE_SLOTS: i32 = IS_REP0_LONG + 192 * 2
/** Low bits of distances from 4 to 127: reversed trees. */
export const DISTANCE_SPECIAL: i32 = DISTANCE_SLOTS + 256 * 2
/** The lowest four bits of longer distances. */
export const DISTANCE_ALIGN: i32 = DISTANCE_SPECIAL + 128 * 2
/** Lengths of matches, and of repeated matches; see the offsets below. */
export const LENGTHS: i32 = DISTANCE_ALIGN + 16 * 2
/** Size of the models of lengths. */
export const LENGTHS_SIZE: i32 = (16 + 128 + 128 + 256) * 2
/** 10 or more? Stands behind "18 or more?". */
export const LENGTH_CHOICE: i32 = 0
export const LENGTH_CHOICE_2: i32 = 2
/** Lengths 2 to 9, then 10 to 17: a tree of 8 for each position state. */
export const LENGTH_LOW: i32 = 16 * 2
export const LENGTH_MID: i32 = LENGTH_LOW + 128 * 2
/** Lengths 18 to {@link LENGTH_MAX}: a tree of 256. */
export const LENGTH_HIGH: i32 = LENGTH_MID + 128 * 2
/** The longest match of LZMA. */
export const LENGTH_MAX: i32 = 273
/** Literals: 768 for each context. */
export const LITERALS: i32 = LENGTHS + 2 * LENGTHS_SIZE
export const LITERAL_SIZE: i32 = 0x300 * 2

const MODELS_END: i32 = LITERALS + LITERAL_SIZE * 16

/** Four probabilities of one half. */
const HALVES: u64 = 0x0400_0400_0400_0400

/** Bits of the byte before a literal in its context (lc), bits of the position (lp), and of the position state (pb). */
export let literalContextBits: i32 = 3
export let literalPositionMask: i32 = 0
export let positionMask: i32 = 3
/** The same as the byte of properties of a chunk. */
export let properties: i32 = 93

/** Sets lc, lp and pb; lc + lp is at most 4. */
export function setProperties(lc: i32, lp: i32, pb: i32): void {
  literalContextBits = lc
  literalPositionMask = (1 << lp) - 1
  positionMask = (1 << pb) - 1
  properties = lc + 9 * (lp + 5 * pb)
}

/** Forgets all that was learned. */
export function resetModels(): void {
  for (let at = MODELS; at < MODELS_END; at += 8) store<u64>(at, HALVES)
}

/** The models of the literal at `position`, behind the byte `previous`. */
export function literalModels(position: i32, previous: i32): i32 {
  const context = ((position & literalPositionMask) << literalContextBits) + (previous >>> (8 - literalContextBits))
  return LITERALS + context * LITERAL_SIZE
}

/**
 * What to add to the context of a bit of a literal behind a match. While all higher bits equal those of `expected`, the byte at the
 * latest distance, its bit belongs to the context.
 */
export function contextBehindMatch(byte: i32, expected: i32, bit: i32): i32 {
  const agreed = (((byte ^ expected) >>> (bit + 1)) - 1) >> 31
  return (0x100 + ((expected << (8 - bit)) & 0x100)) & agreed
}
