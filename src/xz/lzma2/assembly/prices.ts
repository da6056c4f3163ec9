import { PRICES } from './memory.ts'
import {
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

function priceOfTree(models: i32, bits: i32, symbol: i32): i32 {
  let price = 0
  let node = symbol | (1 << bits)
  while (node > 1) {
    const bit = node & 1
    node >>>= 1
    price += priceOf(models + (node << 1), bit)
  }
  return price
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

/** Of a literal without the decision that it is one; `expected` is the byte at the latest distance, behind a match. */
export function priceOfLiteral(position: i32, previous: i32, byte: i32, behindMatch: boolean, expected: i32): i32 {
  const models = literalModels(position, previous)
  let price = 0
  let node = byte | 0x100
  if (behindMatch) {
    // Down to the first bit that differs the expected byte is context, below it only the byte itself.
    const same = clz(((byte ^ expected) << 24) | 0x80_0000)
    const plain = max(7 - same, 0)
    for (let bit = 7; bit >= plain; bit--) {
      const above = (byte | 0x100) >>> (bit + 1)
      const model = models + ((0x100 + (((expected >>> bit) & 1) << 8) + above) << 1)
      price += priceOf(model, (byte >>> bit) & 1)
    }
    for (let bit = plain - 1; bit >= 0; bit--) {
      price += priceOf(models + (((byte | 0x100) >>> (bit + 1)) << 1), (byte >>> bit) & 1)
    }
    return price
  }
  while (node > 1) {
    const bit = node & 1
    node >>>= 1
    price += priceOf(models + (node << 1), bit)
  }
  return price
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

/** Makes the prices of lengths anew, from 2 to `longest`. */
export function updateLengthPrices(longest: i32): void {
  updateLengths(LENGTHS, LENGTH_PRICES, longest)
  updateLengths(LENGTHS + LENGTHS_SIZE, LENGTH_PRICES + LENGTH_PRICES_SIZE, longest)
}

function updateLengths(models: i32, prices: i32, longest: i32): void {
  const low = priceOf(models + LENGTH_CHOICE, 0)
  const notLow = priceOf(models + LENGTH_CHOICE, 1)
  const mid = notLow + priceOf(models + LENGTH_CHOICE_2, 0)
  const high = notLow + priceOf(models + LENGTH_CHOICE_2, 1)
  for (let state = 0; state <= positionMask; state++) {
    const row = prices + state * LENGTH_ROW
    for (let i = 0; i < 8; i++) {
      store<u16>(row + ((i + 2) << 1), low + priceOfTree(models + LENGTH_LOW + (state << 4), 3, i))
      store<u16>(row + ((i + 10) << 1), mid + priceOfTree(models + LENGTH_MID + (state << 4), 3, i))
    }
  }
  for (let length = 18; length <= longest; length++) {
    const price = high + priceOfTree(models + LENGTH_HIGH, 8, length - 18)
    for (let state = 0; state <= positionMask; state++) {
      store<u16>(prices + state * LENGTH_ROW + (length << 1), price)
    }
  }
}

/** Makes the prices of distances anew; slots up to `slots` are in use. */
export function updateDistancePrices(slots: i32): void {
  for (let low = 0; low < 16; low++) store<u16>(ALIGN_PRICES + (low << 1), priceOfReversedTree(DISTANCE_ALIGN, 4, low))
  for (let lengthClass = 0; lengthClass < 4; lengthClass++) {
    const row = SLOT_PRICES + (lengthClass << 7)
    for (let slot = 0; slot < slots; slot++) {
      let price = priceOfTree(DISTANCE_SLOTS + (lengthClass << 7), 6, slot)
      if (slot >= 14) price += ((slot >>> 1) - 1 - 4) << 4
      store<u16>(row + (slot << 1), price)
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
