import { PRICES } from './memory.ts'
import {
  contextBehindMatch,
  DISTANCE_ALIGN,
  DISTANCE_SLOTS,
  DISTANCE_SPECIAL,
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
import { slotOf } from './symbols.ts'

/**
 * What operations cost, in sixteenths of a bit, by the models as they are.
 */

/** Of a decision for 0, by probability >>> 4: 128 bytes. */
const DECISION_PRICES: i32 = PRICES
/** Of the lengths of matches, then of repeated matches: 16 bits, [kind][position state][length]. */
const LENGTH_PRICES: i32 = PRICES + 0x100
const LENGTH_ROW: i32 = 288 * 2
const LENGTH_PRICES_SIZE: i32 = 16 * LENGTH_ROW
/** Of the distances (less one) below 128, of slots, of the lowest four bits: 16 bits, [length class][distance]. */
const NEAR_PRICES: i32 = LENGTH_PRICES + 2 * LENGTH_PRICES_SIZE
const SLOT_PRICES: i32 = NEAR_PRICES + 4 * 128 * 2
const ALIGN_PRICES: i32 = SLOT_PRICES + 4 * 64 * 2
/** Of the nodes of a tree, 16 bits each by their numbers; those of its symbols are the last. */
const TREE_PRICES: i32 = ALIGN_PRICES + 16 * 2

/** Slots in use: one more than that of the longest distance. */
const SLOTS: i32 = 48

/** The logarithms, by repeated squaring of whole numbers: the same on every machine. */
export function preparePrices(): void {
  for (let index = 0; index < 128; index++) {
    let value: u32 = (index << 4) + 8
    let bits = 0
    for (let step = 0; step < 4; step++) {
      value *= value
      bits <<= 1
      while (value >= 0x1_0000) {
        value >>>= 1
        bits++
      }
    }
    store<u8>(DECISION_PRICES + index, (11 << 4) - 15 - bits)
  }
}

/** Of deciding for `bit`. */
export function priceOf(model: i32, bit: i32): i32 {
  return load<u8>(DECISION_PRICES + ((<i32>load<u16>(model) ^ (-bit & 2047)) >>> 4))
}

/** Makes the prices of all symbols of a tree, with `base` added. Returns where they stand until the next call, 16 bits each. */
function priceTree(models: i32, bits: i32, base: i32): i32 {
  store<u16>(TREE_PRICES, base, 2)
  const symbols = 1 << bits
  for (let node = 1; node < symbols; node++) {
    const above = <i32>load<u16>(TREE_PRICES + (node << 1))
    const model = models + (node << 1)
    store<u16>(TREE_PRICES + (node << 2), above + priceOf(model, 0))
    store<u16>(TREE_PRICES + (node << 2), above + priceOf(model, 1), 2)
  }
  return TREE_PRICES + (symbols << 1)
}

function priceOfReversedTree(models: i32, bits: i32, symbol: i32): i32 {
  let price = 0
  let node = 1
  for (let bit = 0; bit < bits; bit++) {
    const value = (symbol >>> bit) & 1
    price += priceOf(models + (node << 1), value)
    node = (node << 1) | value
  }
  return price
}

/**
 * Of a literal without the decision that it is one; `expected` is the byte at the latest distance, behind a match. Written out as
 * in the range coder.
 */
export function priceOfLiteral(position: i32, previous: i32, byte: i32, behindMatch: boolean, expected: i32): i32 {
  const models = literalModels(position, previous)
  const mask: i32 = behindMatch ? -1 : 0
  let price = inline.always(priceOfBit(models, byte, expected, mask, 7))
  price += inline.always(priceOfBit(models, byte, expected, mask, 6))
  price += inline.always(priceOfBit(models, byte, expected, mask, 5))
  price += inline.always(priceOfBit(models, byte, expected, mask, 4))
  price += inline.always(priceOfBit(models, byte, expected, mask, 3))
  price += inline.always(priceOfBit(models, byte, expected, mask, 2))
  price += inline.always(priceOfBit(models, byte, expected, mask, 1))
  return price + inline.always(priceOfBit(models, byte, expected, mask, 0))
}

/** Of a bit of a literal. `mask` is all ones behind a match, else 0. */
function priceOfBit(models: i32, byte: i32, expected: i32, mask: i32, bit: i32): i32 {
  const context = ((byte | 0x100) >>> (bit + 1)) + (contextBehindMatch(byte, expected, bit) & mask)
  return priceOf(models + (context << 1), (byte >>> bit) & 1)
}

/** Where the prices of lengths stand, 16 bits for each from 0 on. */
export function lengthPrices(positionState: i32): i32 {
  return LENGTH_PRICES + positionState * LENGTH_ROW
}

export function repLengthPrices(positionState: i32): i32 {
  return LENGTH_PRICES + LENGTH_PRICES_SIZE + positionState * LENGTH_ROW
}

/** Of a distance (less one), for a match of `lengthClass` + 2 bytes; class 3 is of 5 and more. */
export function priceOfDistance(lengthClass: i32, distance: i32): i32 {
  if (distance < 128) return load<u16>(NEAR_PRICES + (((lengthClass << 7) | distance) << 1))
  const slot = slotOf(distance)
  return load<u16>(SLOT_PRICES + (((lengthClass << 6) | slot) << 1)) + load<u16>(ALIGN_PRICES + ((distance & 15) << 1))
}

/** Makes the prices of lengths anew. */
export function updateLengthPrices(): void {
  updateLengths(LENGTHS, LENGTH_PRICES)
  updateLengths(LENGTHS + LENGTHS_SIZE, LENGTH_PRICES + LENGTH_PRICES_SIZE)
}

function updateLengths(models: i32, prices: i32): void {
  const low = priceOf(models + LENGTH_CHOICE, 0)
  const notLow = priceOf(models + LENGTH_CHOICE, 1)
  const mid = notLow + priceOf(models + LENGTH_CHOICE_2, 0)
  const high = notLow + priceOf(models + LENGTH_CHOICE_2, 1)
  for (let state = 0; state <= positionMask; state++) {
    const row = prices + state * LENGTH_ROW
    v128.store(row + (2 << 1), v128.load(priceTree(models + LENGTH_LOW + (state << 4), 3, low)))
    v128.store(row + (10 << 1), v128.load(priceTree(models + LENGTH_MID + (state << 4), 3, mid)))
  }
  const highPrices = priceTree(models + LENGTH_HIGH, 8, high)
  for (let state = 0; state <= positionMask; state++) {
    memory.copy(prices + state * LENGTH_ROW + (18 << 1), highPrices, 256 << 1)
  }
}

/** Makes the prices of distances anew. */
export function updateDistancePrices(): void {
  for (let low = 0; low < 16; low++) store<u16>(ALIGN_PRICES + (low << 1), priceOfReversedTree(DISTANCE_ALIGN, 4, low))
  for (let lengthClass = 0; lengthClass < 4; lengthClass++) {
    const row = SLOT_PRICES + (lengthClass << 7)
    memory.copy(row, priceTree(DISTANCE_SLOTS + (lengthClass << 7), 6, 0), 64 << 1)
    for (let slot = 14; slot < SLOTS; slot++) {
      const price = row + (slot << 1)
      store<u16>(price, load<u16>(price) + (((slot >>> 1) - 1 - 4) << 4))
    }
  }
  for (let distance = 0; distance < 128; distance++) {
    const slot = slotOf(distance)
    let rest = 0
    if (slot >= 4) {
      const bits = (slot >>> 1) - 1
      const base = (2 | (slot & 1)) << bits
      rest = priceOfReversedTree(DISTANCE_SPECIAL + ((base - slot) << 1), bits, distance - base)
    }
    for (let lengthClass = 0; lengthClass < 4; lengthClass++) {
      const price = <i32>load<u16>(SLOT_PRICES + (lengthClass << 7) + (slot << 1)) + rest
      store<u16>(NEAR_PRICES + (((lengthClass << 7) | distance) << 1), price)
    }
  }
}
