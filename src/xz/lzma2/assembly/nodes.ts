import { NODES } from './memory.ts'
import { prepend } from './operations.ts'
import { stateAfterLiteral, stateAfterMatch, stateAfterRep, stateAfterShortRep } from './states.ts'

/**
 * The graph that the optimal parser searches: a node for each position from where it began, 32 bytes, with the cheapest
 * way known to get there.
 *
 *     node = price, distance, length (16 bits), extra (16 bits), state, four latest distances less one
 *
 * The way to a node is one to three operations:
 *
 *     extra 0     one: a literal (LITERAL), a repeated match (distance 0 to 3), or a match (its distance less one, + 4)
 *     extra 1     a literal, then the latest distance again for `length`
 *     extra n     a match or repeated match of n bytes, a literal, then the same distance again for `length`
 *
 * State and distances are filled in when the search comes to the node.
 */

export const NODE_BITS: i32 = 5
/** So far from where it began a search may go. */
export const NODES_MAX: i32 = 4096
/** More than any price. */
export const UNREACHED: i32 = 0x3fff_ffff
export const LITERAL: i32 = -1

export function node(index: i32): i32 {
  return NODES + (index << NODE_BITS)
}

/** Tells of a way to a node; it counts if it is the cheapest so far. */
export function offer(target: i32, price: i32, distance: i32, length: i32, extra: i32): void {
  if (price >= load<i32>(target)) return
  store<i32>(target, price)
  store<i32>(target, distance, 4)
  store<i32>(target, length | (extra << 16), 8)
}

function previousOf(at: i32, length: i32, extra: i32): i32 {
  return at - ((length + extra + <i32>(extra > 1)) << NODE_BITS)
}

/** Fills in the state and the latest distances of a node from the way to it. */
export function arrive(at: i32): void {
  const length = <i32>load<u16>(at, 8)
  const extra = <i32>load<u16>(at, 10)
  const distance = load<i32>(at, 4)
  const previous = previousOf(at, length, extra)
  let state = load<i32>(previous, 12)
  if (extra === 1 || (extra === 0 && distance === LITERAL)) {
    state = stateAfterLiteral(state)
    if (extra === 1) state = stateAfterRep(state)
    store<i32>(at, state, 12)
    store<u64>(at, load<u64>(previous, 16), 16)
    store<u64>(at, load<u64>(previous, 24), 24)
    return
  }
  if (distance < 4) {
    state = length === 1 && extra === 0 ? stateAfterShortRep(state) : stateAfterRep(state)
    // The distances before the repeated one move back by one.
    const rep = load<i32>(previous + (distance << 2), 16)
    store<i32>(at, rep, 16)
    for (let i = 1; i < 4; i++) {
      const from = i <= distance ? i - 1 : i
      store<i32>(at + (i << 2), load<i32>(previous + (from << 2), 16), 16)
    }
  } else {
    state = stateAfterMatch(state)
    store<i32>(at, distance - 4, 16)
    store<i32>(at, load<i32>(previous, 16), 20)
    store<i32>(at, load<i32>(previous, 20), 24)
    store<i32>(at, load<i32>(previous, 24), 28)
  }
  if (extra > 1) state = stateAfterRep(stateAfterLiteral(state))
  store<i32>(at, state, 12)
}

/** Puts the operations of the way to node `last` before those in the list. */
export function trace(last: i32): void {
  let at = node(last)
  while (at > NODES) {
    const length = <i32>load<u16>(at, 8)
    const extra = <i32>load<u16>(at, 10)
    const distance = load<i32>(at, 4)
    const previous = previousOf(at, length, extra)
    let bytes = 0
    if (distance >= 4) bytes = distance - 3
    else if (distance >= 0) bytes = load<i32>(previous + (distance << 2), 16) + 1
    if (extra === 0) prepend(length, bytes)
    else {
      prepend(length, extra === 1 ? load<i32>(previous, 16) + 1 : bytes)
      prepend(1, 0)
      if (extra > 1) prepend(extra, bytes)
    }
    at = previous
  }
}
