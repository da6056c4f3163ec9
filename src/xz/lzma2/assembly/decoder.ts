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
  resetModels,
  setProperties,
} from './models.ts'
import {
  beginDecoding,
  codedNext,
  decide,
  decodeByteBy,
  decodeDirect,
  decodeReversedTree,
  decodeTree,
  isDecoded,
} from './range-decoder.ts'
import { stateAfterLiteral, stateAfterMatch, stateAfterRep, stateAfterShortRep } from './states.ts'
import {
  beginWindow,
  CODED,
  copyMatch,
  dictionarySize,
  reserveData,
  resetDictionary,
  setWindowEnd,
  WINDOW,
  windowEnd,
} from './window.ts'

/**
 * The decoder of LZMA2 chunks: each is put at `coded()`, and decoded to the end of the window. Who calls keeps to the
 * order of resets (see ../../lzma2-chunks.ts).
 */

export { resetDictionary }

let state: i32 = 0
/** The four latest distances. */
let distance0: i32 = 1
let distance1: i32 = 1
let distance2: i32 = 1
let distance3: i32 = 1

/** Begins with data whose matches go back at most `size` bytes. */
export function begin(size: i32): void {
  beginWindow(size)
  reserveData(0)
}

/** Where a chunk's bytes go: 64 KiB. */
export function coded(): i32 {
  return CODED
}

/** The end of the data that was decoded last. */
export function dataEnd(): i32 {
  return windowEnd
}

/** Sets lc, lp and pb from the byte in which a chunk holds them. */
export function setPropertiesByte(properties: i32): void {
  setProperties(properties % 9, (properties / 9) % 5, properties / 45)
}

/** Forgets what was learned. */
export function resetState(): void {
  resetModels()
  state = 0
  distance0 = distance1 = distance2 = distance3 = 1
}

/** Takes `size` bytes that are stored as they are. */
export function takeStored(size: i32): void {
  reserveData(size)
  memory.copy(windowEnd, CODED, size)
  setWindowEnd(windowEnd + size)
}

/** Decodes a chunk of `codedSize` bytes to `size` bytes. False if it is damaged. */
export function decode(codedSize: i32, size: i32): boolean {
  reserveData(size)
  if (!beginDecoding()) return false
  const codedEnd = CODED + codedSize
  const end = windowEnd + size
  let at = windowEnd
  while (at < end && codedNext <= codedEnd) {
    const positionState = (at - WINDOW) & positionMask
    if (!decide(IS_MATCH + (((state << 4) + positionState) << 1))) {
      const models = literalModels(at - WINDOW, at > WINDOW ? load<u8>(at - 1) : 0)
      store<u8>(at, state < 7 ? decodeTree(models, 0x100) : decodeByteBy(models, load<u8>(at - distance0)))
      state = stateAfterLiteral(state)
      at++
      continue
    }
    let length = 1
    if (!decide(IS_REP + (state << 1))) {
      length = decodeLength(LENGTHS, positionState)
      distance3 = distance2
      distance2 = distance1
      distance1 = distance0
      distance0 = decodeDistance(length)
      state = stateAfterMatch(state)
    } else if (isShortRep(positionState)) {
      state = stateAfterShortRep(state)
    } else {
      length = decodeLength(LENGTHS + LENGTHS_SIZE, positionState)
      state = stateAfterRep(state)
    }
    // The longest distance, 2^32, is 0 here. LZMA ends with it; in LZMA2 it is a mistake.
    if (<u32>(distance0 - 1) >= <u32>min(at - WINDOW, dictionarySize) || length > end - at) return false
    copyMatch(at, distance0, length)
    at += length
  }
  setWindowEnd(at)
  return at === end && isDecoded(codedEnd)
}

/** Puts the repeated distance first. Whether its match has the length of one byte. */
function isShortRep(positionState: i32): boolean {
  if (!decide(IS_REP_G0 + (state << 1))) return !decide(IS_REP0_LONG + (((state << 4) + positionState) << 1))
  let distance = distance1
  if (decide(IS_REP_G1 + (state << 1))) {
    distance = distance2
    if (decide(IS_REP_G2 + (state << 1))) {
      distance = distance3
      distance3 = distance2
    }
    distance2 = distance1
  }
  distance1 = distance0
  distance0 = distance
  return false
}

function decodeLength(models: i32, positionState: i32): i32 {
  if (!decide(models + LENGTH_CHOICE)) return 2 + decodeTree(models + LENGTH_LOW + (positionState << 4), 8)
  if (!decide(models + LENGTH_CHOICE_2)) return 10 + decodeTree(models + LENGTH_MID + (positionState << 4), 8)
  return 18 + decodeTree(models + LENGTH_HIGH, 0x100)
}

/** As symbols.ts encodes it: the slot says how many bits follow the highest two. */
function decodeDistance(length: i32): i32 {
  const slot = decodeTree(DISTANCE_SLOTS + (min(length - 2, 3) << 7), 64)
  if (slot < 4) return 1 + slot
  const bits = (slot >>> 1) - 1
  const high = 2 | (slot & 1)
  if (slot < 14) {
    const least = high << bits
    return 1 + least + decodeReversedTree(DISTANCE_SPECIAL + ((least - slot) << 1), bits)
  }
  const middle = (high << (bits - 4)) + decodeDirect(bits - 4)
  return 1 + (middle << 4) + decodeReversedTree(DISTANCE_ALIGN, 4)
}
