import { codedPosition, encode } from './chunks.ts'
import { equalBytes } from './compare.ts'
import { linkAt, linkedPosition } from './links.ts'
import { INPUT } from './memory.ts'
import { LENGTH_MAX } from './models.ts'
import { addToRows, compareWith, findInRows, foundDistance, foundLength } from './rows.ts'
import { codedRep0, codedRep1, codedRep2, codedRep3 } from './symbols.ts'

/**
 * The lazy parser: the match found at a position is taken, unless the next position has a better one.
 */

let niceLength: i32 = 0
/** Set if the match at the current position is known from looking ahead. */
let ahead: boolean = false

/** The longest repeated match at a position. */
let repLength: i32 = 0
let repDistance: i32 = 0

/** Set if there are links besides rows: see radix.ts. */
let byLinks: boolean = false

export function beginLazy(nice: i32, withLinks: boolean): void {
  niceLength = nice
  byLinks = withLinks
  ahead = false
}

/** To be called where positions were passed over. */
export function restartLazy(): void {
  ahead = false
}

/** Finds the longest match at `position`, and adds the position. */
function findMatch(position: i32, limit: i32): void {
  findInRows(position, limit)
  if (!byLinks) return
  const link = linkAt(position)
  if (link !== 0) compareWith(linkedPosition(link), position, limit)
}

function tryRep(address: i32, distance: i32, limit: i32): void {
  if (load<u16>(address) !== load<u16>(address - distance)) return
  const length = equalBytes(address, address - distance, 2, limit)
  if (length > repLength) {
    repLength = length
    repDistance = distance
  }
}

function findRep(position: i32, limit: i32): void {
  const address = INPUT + position
  repLength = 0
  if (limit < 2) return
  tryRep(address, codedRep0, limit)
  tryRep(address, codedRep1, limit)
  tryRep(address, codedRep2, limit)
  tryRep(address, codedRep3, limit)
}

/** Is it worth more bytes to keep to the latest distances than to take a match at this one? */
function repSuffices(length: i32, distance: i32): boolean {
  if (repLength < 2) return false
  return (
    repLength + 1 >= length ||
    (repLength + 2 >= length && distance > 512) ||
    (repLength + 3 >= length && distance > 0x8000)
  )
}

/** A match of four bytes from afar costs more than its bytes. */
function isWorthy(length: i32, distance: i32): boolean {
  return length > 4 || (length === 4 && distance <= 0x1_0000)
}

/** Does the next position have a better match, so that a literal is worth its bits? */
function isBetterNext(position: i32, limit: i32, length: i32, distance: i32): boolean {
  findMatch(position, limit)
  findRep(position, limit)
  return (
    repLength >= length - 1 ||
    foundLength > length + 1 ||
    (foundLength > length && foundDistance >>> 7 <= distance) ||
    (foundLength >= length - 1 && foundDistance < distance >>> 7)
  )
}

/** Parses up to `stop`, and beyond if a match goes on, but not beyond `end`. */
export function parseLazy(stop: i32, end: i32): void {
  while (codedPosition < stop) parseNext(end)
}

/** Chooses the next operation. */
function parseNext(end: i32): void {
  const position = codedPosition
  const limit = min(end - position, LENGTH_MAX)
  if (position === 0 || limit < 2) {
    if (!ahead) addToRows(position, position + 1)
    ahead = false
    encode(1, 0)
    return
  }
  if (!ahead) findMatch(position, limit)
  ahead = false
  const length = min(foundLength, limit)
  const distance = foundDistance
  findRep(position, limit)
  if (repLength >= niceLength || repSuffices(length, distance)) {
    take(position, position + 1, repLength, repDistance)
  } else if (!isWorthy(length, distance)) {
    const same = load<u8>(INPUT + position) === load<u8>(INPUT + position - codedRep0)
    encode(1, same ? codedRep0 : 0)
  } else if (length >= niceLength) {
    take(position, position + 1, length, distance)
  } else if (isBetterNext(position + 1, limit - 1, length, distance)) {
    ahead = true
    encode(1, 0)
  } else {
    take(position, position + 2, length, distance)
  }
}

/** Takes a match; the positions from `added` on are not yet in the rows. */
function take(position: i32, added: i32, length: i32, distance: i32): void {
  addToRows(added, position + length)
  encode(length, distance)
}
