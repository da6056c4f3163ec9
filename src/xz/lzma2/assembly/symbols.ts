import { DECISIONS, INPUT } from './memory.ts'
import {
  DISTANCE_ALIGN,
  DISTANCE_SLOTS,
  DISTANCE_SPECIAL,
  IS_MATCH,
  IS_REP,
  IS_REP_G0,
  IS_REP_G1,
  IS_REP_G2,
  IS_REP0_LONG,
  LENGTH_CHOICE,
  LENGTH_CHOICE_2,
  LENGTH_HIGH,
  LENGTH_LOW,
  LENGTH_MID,
  LENGTHS,
  LENGTHS_SIZE,
  literalModels,
  positionMask,
} from './models.ts'
import { DIRECT, LITERAL, LITERAL_BEHIND_MATCH } from './range-coder.ts'
import { stateAfterLiteral, stateAfterMatch, stateAfterRep, stateAfterShortRep } from './states.ts'

/**
 * Turns operations into the binary decisions that LZMA codes.
 *
 * Operations have absolute distances: whether one is among the latest four is found here. So they stay right even if a
 * stored chunk resets the coder's state between parsing and coding.
 */

/** More decisions than one operation has. */
export const DECISIONS_MAX: i32 = 48

/** Where the next decision goes. */
export let decisionsEnd: i32 = DECISIONS
/** Literals in the list. */
let literals: i32 = 0

/** The coder's state and latest distances (1 is the byte before). */
export let codedState: i32 = 0
export let codedRep0: i32 = 1
export let codedRep1: i32 = 1
export let codedRep2: i32 = 1
export let codedRep3: i32 = 1

export function resetState(): void {
  codedState = 0
  codedRep0 = 1
  codedRep1 = 1
  codedRep2 = 1
  codedRep3 = 1
}

/** How many decisions wait: a literal, two words of the list, is nine. */
export function countDecisions(): i32 {
  return ((decisionsEnd - DECISIONS) >>> 2) + literals * 7
}

export function clearDecisions(): void {
  literals = 0
  decisionsEnd = DECISIONS
}

function decide(at: i32, model: i32, bit: i32): i32 {
  store<u32>(at, ((<u32>model) << 1) | <u32>bit)
  return at + 4
}

/** The decisions of an operation at `position`. A distance of 0 is a literal. */
export function writeOperation(position: i32, length: i32, distance: i32): void {
  const state = codedState
  const at = decisionsEnd
  const positionState = position & positionMask
  const index = ((state << 4) | positionState) << 1
  if (distance === 0 || (length === 1 && distance !== codedRep0)) {
    decisionsEnd = writeLiteral(at, IS_MATCH + index, position, state)
    codedState = stateAfterLiteral(state)
    return
  }
  let next = decide(at, IS_MATCH + index, 1)
  const byState = state << 1
  if (distance === codedRep0) {
    next = decide(next, IS_REP + byState, 1)
    next = decide(next, IS_REP_G0 + byState, 0)
    if (length === 1) {
      decisionsEnd = decide(next, IS_REP0_LONG + index, 0)
      codedState = stateAfterShortRep(state)
      return
    }
    next = decide(next, IS_REP0_LONG + index, 1)
  } else if (distance === codedRep1) {
    next = decide(next, IS_REP + byState, 1)
    next = decide(next, IS_REP_G0 + byState, 1)
    next = decide(next, IS_REP_G1 + byState, 0)
    codedRep1 = codedRep0
    codedRep0 = distance
  } else if (distance === codedRep2 || distance === codedRep3) {
    next = decide(next, IS_REP + byState, 1)
    next = decide(next, IS_REP_G0 + byState, 1)
    next = decide(next, IS_REP_G1 + byState, 1)
    const third = distance !== codedRep2
    next = decide(next, IS_REP_G2 + byState, third ? 1 : 0)
    if (third) codedRep3 = codedRep2
    codedRep2 = codedRep1
    codedRep1 = codedRep0
    codedRep0 = distance
  } else {
    next = decide(next, IS_REP + byState, 0)
    next = writeLength(next, LENGTHS, positionState, length)
    decisionsEnd = writeDistance(next, length, distance - 1)
    codedRep3 = codedRep2
    codedRep2 = codedRep1
    codedRep1 = codedRep0
    codedRep0 = distance
    codedState = stateAfterMatch(state)
    return
  }
  decisionsEnd = writeLength(next, LENGTHS + LENGTHS_SIZE, positionState, length)
  codedState = stateAfterRep(state)
}

function writeLiteral(at: i32, isMatch: i32, position: i32, state: i32): i32 {
  const address = INPUT + position
  const models = literalModels(position, position > 0 ? load<u8>(address - 1) : 0)
  store<u32>(at, (state < 7 ? LITERAL : LITERAL_BEHIND_MATCH) | <u32>models)
  store<u8>(at, load<u8>(address), 4)
  store<u8>(at, load<u8>(address - codedRep0), 5)
  store<u16>(at, isMatch, 6)
  literals++
  return at + 8
}

/** `bits` decisions of a tree, the highest bit first. */
function writeTree(begin: i32, models: i32, bits: i32, symbol: i32): i32 {
  let at = begin
  let node = 1
  for (let bit = bits - 1; bit >= 0; bit--) {
    const value = (symbol >>> bit) & 1
    at = decide(at, models + (node << 1), value)
    node = (node << 1) | value
  }
  return at
}

/** The same, the lowest bit first. */
function writeReversedTree(begin: i32, models: i32, bits: i32, symbol: i32): i32 {
  let at = begin
  let node = 1
  for (let bit = 0; bit < bits; bit++) {
    const value = (symbol >>> bit) & 1
    at = decide(at, models + (node << 1), value)
    node = (node << 1) | value
  }
  return at
}

function writeLength(begin: i32, models: i32, positionState: i32, length: i32): i32 {
  if (length < 10) {
    const at = decide(begin, models + LENGTH_CHOICE, 0)
    return writeTree(at, models + LENGTH_LOW + (positionState << 4), 3, length - 2)
  }
  const at = decide(begin, models + LENGTH_CHOICE, 1)
  if (length < 18) {
    return writeTree(
      decide(at, models + LENGTH_CHOICE_2, 0),
      models + LENGTH_MID + (positionState << 4),
      3,
      length - 10,
    )
  }
  return writeTree(decide(at, models + LENGTH_CHOICE_2, 1), models + LENGTH_HIGH, 8, length - 18)
}

/** The slot of a distance less one: twice the number of its bits, and the bit below the highest. */
export function slotOf(distance: i32): i32 {
  if (distance < 4) return distance
  const top = 31 - clz(distance)
  return (top << 1) | ((distance >>> (top - 1)) & 1)
}

function writeDistance(begin: i32, length: i32, distance: i32): i32 {
  const slot = slotOf(distance)
  const at = writeTree(begin, DISTANCE_SLOTS + (min(length - 2, 3) << 7), 6, slot)
  if (slot < 4) return at
  const bits = (slot >>> 1) - 1
  const base = (2 | (slot & 1)) << bits
  const rest = distance - base
  if (slot < 14) return writeReversedTree(at, DISTANCE_SPECIAL + ((base - slot) << 1), bits, rest)
  store<u32>(at, DIRECT | ((bits - 4) << 24) | (rest >>> 4))
  return writeReversedTree(at + 4, DISTANCE_ALIGN, 4, rest & 15)
}
