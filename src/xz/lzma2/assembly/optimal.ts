import { findCandidates, note } from './candidates.ts'
import { codedPosition, operationCount } from './chunks.ts'
import { equalBytes } from './compare.ts'
import { CANDIDATES, INPUT, NODES } from './memory.ts'
import { IS_MATCH, IS_REP, IS_REP_G0, IS_REP_G1, IS_REP_G2, IS_REP0_LONG, LENGTH_MAX, positionMask } from './models.ts'
import { arrive, LITERAL, NODE_BITS, NODES_MAX, node, offer, trace, UNREACHED } from './nodes.ts'
import { clearOperations, prepend } from './operations.ts'
import {
  lengthPrices,
  priceOf,
  priceOfDistance,
  priceOfLiteral,
  repLengthPrices,
  updateDistancePrices,
  updateLengthPrices,
} from './prices.ts'
import { stateAfterLiteral, stateAfterMatch, stateAfterRep } from './states.ts'
import { codedRep0, codedRep1, codedRep2, codedRep3, codedState } from './symbols.ts'

/**
 * The optimal parser: the cheapest way through a stretch of the block, by the prices of the moment, forwards from node
 * to node. A stretch ends where all ways meet, or at a match so long ("nice") that it is taken in any case.
 */

/** Operations after which prices are made anew: more often costs time, and some size as well. */
const PRICES_AGE: i32 = 256

/** Of a long match, so many positions at its end are noted: farther back, nobody looks for a few bytes. */
const NOTED_MAX: i32 = 64

/** A match of so many bytes is taken at once. */
let niceLength: i32 = 64
/** A node is passed over if one of the next two is dearer by this at most. */
let skip: i32 = 8
let pricesMade: i32 = 0
/** The last node that any way leads to. */
let lastNode: i32 = 0

export function beginOptimal(nice: i32, skipBelow: i32): void {
  niceLength = nice
  skip = skipBelow
  renewPrices()
}

/** To be called whenever the models were reset. */
export function renewPrices(): void {
  updateDistancePrices()
  updateLengthPrices()
  pricesMade = operationCount
}

function reachNode(last: i32): void {
  while (lastNode < last) store<i32>(node(++lastNode), UNREACHED)
}

/** Is a way past the node about as cheap as the way to it? Then ways through it are hardly the cheapest. */
function isPassedOver(at: i32, index: i32): boolean {
  const limit = load<i32>(at) + skip
  if (load<i32>(at + (1 << NODE_BITS)) <= limit) return true
  return index + 2 <= lastNode && load<i32>(at + (2 << NODE_BITS)) <= limit
}

/** Parses a stretch from where the coder is, to `end` at the most, into the list of operations. */
export function parseOptimal(end: i32): void {
  clearOperations()
  if (operationCount - pricesMade >= PRICES_AGE) renewPrices()
  const begin = codedPosition
  store<i32>(NODES, 0)
  store<i32>(NODES, codedState, 12)
  store<i32>(NODES, codedRep0 - 1, 16)
  store<i32>(NODES, codedRep1 - 1, 20)
  store<i32>(NODES, codedRep2 - 1, 24)
  store<i32>(NODES, codedRep3 - 1, 28)
  lastNode = 0
  let index = 0
  for (;;) {
    const position = begin + index
    const left = end - position
    const room = min(left, NODES_MAX - 1 - index)
    const at = node(index)
    if (index > 0) {
      // All ways meet here, or there is no room to go on.
      if (index === lastNode || room < 2) break
      if (isPassedOver(at, index)) {
        note(position, position + 1)
        index++
        continue
      }
      arrive(at)
    } else if (left < 2 || begin === 0) {
      note(begin, begin + 1)
      prepend(1, 0)
      return
    }
    const candidatesEnd = findCandidates(position, min(left, LENGTH_MAX))
    if (candidatesEnd > CANDIDATES) {
      const longest = load<i32>(candidatesEnd - 8)
      if (longest >= niceLength) {
        takeLong(index, position, longest, load<i32>(candidatesEnd - 4) + 1)
        return
      }
    } else if (index === 0 && isLiteral(INPUT + position)) {
      prepend(1, 0)
      return
    }
    if (expand(at, index, position, min(room, LENGTH_MAX), candidatesEnd)) return
    index++
  }
  // Without room it ends anywhere. A node that no way leads to lies between one that was passed over and the next but one.
  trace(load<i32>(node(index)) === UNREACHED ? index + 1 : index)
}

/**
 * Is a literal the only way on, where no match was found? So it is if no latest distance repeats two bytes here, and the latest one
 * repeats neither one byte here nor two bytes after it. Then prices do not matter.
 */
function isLiteral(address: i32): boolean {
  const next = load<u32>(address)
  const latest = load<u32>(address - codedRep0) ^ next
  return (
    (latest & 0xff) !== 0 &&
    (latest & 0xff_ff00) !== 0 &&
    <u16>next !== load<u16>(address - codedRep1) &&
    <u16>next !== load<u16>(address - codedRep2) &&
    <u16>next !== load<u16>(address - codedRep3)
  )
}

/** Ends the stretch with a long match. */
function takeLong(index: i32, position: i32, length: i32, distance: i32): void {
  note(position + max(1, length - NOTED_MAX), position + length)
  prepend(length, distance)
  trace(index)
}

/** Offers all ways on from a node. True if the stretch was ended by a long repeated match. */
function expand(at: i32, index: i32, position: i32, limit: i32, candidatesEnd: i32): boolean {
  const address = INPUT + position
  const state = load<i32>(at, 12)
  const price = load<i32>(at)
  const positionState = position & positionMask
  const modelIndex = ((state << 4) | positionState) << 1
  const rep0 = load<i32>(at, 16)
  const byte = <i32>load<u8>(address)
  const expected = <i32>load<u8>(address - rep0 - 1)
  const matchPrice = price + priceOf(IS_MATCH + modelIndex, 1)
  const repPrice = matchPrice + priceOf(IS_REP + (state << 1), 1)

  // Repeated matches first: a long one ends the stretch.
  let longestRep0 = 0
  for (let repeated = repeatedDistances(at, address); repeated !== 0; repeated &= repeated - 1) {
    const i = ctz(repeated)
    const distance = load<i32>(at + (i << 2), 16)
    const length = equalBytes(address, address - distance - 1, 2, limit)
    if (length >= niceLength) {
      takeLong(index, position, length, distance + 1)
      return true
    }
    if (i === 0) longestRep0 = length
    reachNode(index + length)
    const base = repPrice + priceOfRep(i, state, modelIndex)
    const prices = repLengthPrices(positionState)
    for (let l = length; l >= 2; l--) offer(at + (l << NODE_BITS), base + load<u16>(prices + (l << 1)), i, l, 0)
    offerThen(
      at,
      index,
      position,
      limit,
      length,
      distance,
      i,
      base + load<u16>(prices + (length << 1)),
      stateAfterRep(state),
    )
  }

  reachNode(index + 1)
  const next = at + (1 << NODE_BITS)
  const literalPrice =
    price +
    priceOf(IS_MATCH + modelIndex, 0) +
    priceOfLiteral(position, load<u8>(address - 1), byte, state >= 7, expected)
  offer(next, literalPrice, LITERAL, 1, 0)
  if (byte === expected) {
    offer(next, repPrice + priceOf(IS_REP_G0 + (state << 1), 0) + priceOf(IS_REP0_LONG + modelIndex, 0), 0, 1, 0)
  } else if (limit > 2 && load<u16>(address + 1) === load<u16>(address - rep0)) {
    const length = equalBytes(address + 1, address - rep0, 2, limit - 1)
    reachNode(index + 1 + length)
    const then = literalPrice + priceOfRep0(stateAfterLiteral(state), position + 1, length)
    offer(at + ((1 + length) << NODE_BITS), then, 0, length, 1)
  }

  const normalPrice = matchPrice + priceOf(IS_REP + (state << 1), 0)
  const prices = lengthPrices(positionState)
  let from = max(2, longestRep0 + 1)
  for (let candidate = CANDIDATES; candidate < candidatesEnd; candidate += 8) {
    const length = min(load<i32>(candidate), limit)
    if (length < from) continue
    const distance = load<i32>(candidate, 4)
    reachNode(index + length)
    let l = from
    for (; l < 5 && l <= length; l++) {
      const cost = normalPrice + load<u16>(prices + (l << 1)) + priceOfDistance(l - 2, distance)
      offer(at + (l << NODE_BITS), cost, distance + 4, l, 0)
    }
    const base = normalPrice + priceOfDistance(min(length - 2, 3), distance)
    for (; l <= length; l++) {
      offer(at + (l << NODE_BITS), base + load<u16>(prices + (l << 1)), distance + 4, l, 0)
    }
    const whole = base + load<u16>(prices + (length << 1))
    offerThen(at, index, position, limit, length, distance, distance + 4, whole, stateAfterMatch(state))
    from = length + 1
  }
  return false
}

/** A bit for each of a node's latest distances that repeats two bytes. Which ones do cannot be foretold, so there is no branch. */
function repeatedDistances(at: i32, address: i32): i32 {
  const text = load<u16>(address)
  const before = address - 1
  return (
    <i32>(load<u16>(before - load<i32>(at, 16)) === text) |
    ((<i32>(load<u16>(before - load<i32>(at, 20)) === text)) << 1) |
    ((<i32>(load<u16>(before - load<i32>(at, 24)) === text)) << 2) |
    ((<i32>(load<u16>(before - load<i32>(at, 28)) === text)) << 3)
  )
}

/** Of the decisions that choose one of the latest distances. */
function priceOfRep(i: i32, state: i32, modelIndex: i32): i32 {
  const byState = state << 1
  if (i === 0) return priceOf(IS_REP_G0 + byState, 0) + priceOf(IS_REP0_LONG + modelIndex, 1)
  const first = priceOf(IS_REP_G0 + byState, 1)
  if (i === 1) return first + priceOf(IS_REP_G1 + byState, 0)
  return first + priceOf(IS_REP_G1 + byState, 1) + priceOf(IS_REP_G2 + byState, i - 2)
}

/** Of the latest distance once more. */
function priceOfRep0(state: i32, position: i32, length: i32): i32 {
  const positionState = position & positionMask
  const modelIndex = ((state << 4) | positionState) << 1
  return (
    priceOf(IS_MATCH + modelIndex, 1) +
    priceOf(IS_REP + (state << 1), 1) +
    priceOfRep(0, state, modelIndex) +
    load<u16>(repLengthPrices(positionState) + (length << 1))
  )
}

/** Offers a match, then a literal, then the same distance again: as where a byte differs between two copies. */
function offerThen(
  at: i32,
  index: i32,
  position: i32,
  limit: i32,
  length: i32,
  distance: i32,
  way: i32,
  price: i32,
  state: i32,
): void {
  const after = length + 1
  if (limit < after + 2) return
  const address = INPUT + position + after
  if (load<u16>(address) !== load<u16>(address - distance - 1)) return
  const again = equalBytes(address, address - distance - 1, 2, min(limit - after, niceLength))
  const literalAt = position + length
  const modelIndex = ((state << 4) | (literalAt & positionMask)) << 1
  const literal =
    priceOf(IS_MATCH + modelIndex, 0) +
    priceOfLiteral(literalAt, load<u8>(address - 2), load<u8>(address - 1), true, load<u8>(address - 2 - distance))
  const cost = price + literal + priceOfRep0(stateAfterLiteral(state), literalAt + 1, again)
  reachNode(index + after + again)
  offer(at + ((after + again) << NODE_BITS), cost, way, again, length)
}
