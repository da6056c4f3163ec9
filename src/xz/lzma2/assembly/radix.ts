import { equalBytes } from './compare.ts'
import { hashAt } from './hash.ts'
import { linkAt, setLink } from './links.ts'
import { BUCKET_CURSORS, BUCKET_SIZES, buckets, collection, INPUT, LATEST, links, sortCapacity } from './memory.ts'
import { kindOf, PIECE_BITS, PIECE_SIZE, STORED } from './pieces.ts'
import { depth, refineBucket } from './refine.ts'

/**
 * The radix match finder: one link from each position to the nearest earlier one of those that share the most bytes
 * with it, at least four, counted up to a depth: see links.ts.
 *
 * Positions are distributed to 2^16 buckets by a hash of their next four bytes; each bucket is refined (refine.ts). As
 * many buckets are made at a time as the lists have room for. The order within a bucket is that of the positions.
 *
 * Inside a run of one byte, every position links to the one before it, and is not sorted: else a block of zeros would be
 * one bucket, and the ends of runs would be compared with each other over and over. Nor are positions inside a long repeat,
 * as in the headers of a tar: each links to the one that it repeats.
 */

export const BUCKETS: i32 = 0x1_0000

/** Repeats are looked for where these bits of the hash are 0: one position of eight. */
const SAMPLED: u32 = 7
/** A repeat has so many bytes more than links tell apart. */
const REPEAT_MIN: i32 = 32

/** Of the pieces that were counted: how many, and those of which more than half is in no repeat. */
let countedPieces: i32 = 0
let freshPieces: i32 = 0
/** Their positions, and those in no repeat. */
let countedPositions: i32 = 0
let unlinked: i32 = 0

/** The buckets at hand, and how many positions they hold. */
let rangeBegin: i32 = 0
let rangeEnd: i32 = 0
let collected: i32 = 0
/** Set where one bucket alone is larger than a list: it is refined in parts, each without knowledge of the others. */
let inParts: boolean = false
/** The next piece to collect from, and the next bucket to refine. */
let collectPiece: i32 = 0
let refineAt: i32 = 0
let refineOffset: i32 = 0

export function prepareRadix(size: i32): void {
  memory.fill(BUCKET_SIZES, 0, BUCKETS * 4)
  memory.fill(LATEST, 0, BUCKETS * 4)
  memory.fill(links, 0, size * 4)
  countedPieces = 0
  freshPieces = 0
  countedPositions = 0
  unlinked = 0
  rangeBegin = 0
  rangeEnd = 0
  inParts = false
}

/** Counts a piece's positions into the sizes of the buckets, and links the insides of runs and repeats. */
export function countPiece(piece: i32, size: i32): void {
  if (kindOf(piece) === STORED) return
  const begin = piece << PIECE_BITS
  const end = min(begin + PIECE_SIZE, size - 3)
  const unlinkedBefore = unlinked
  for (let position = begin; position < end; ) {
    const address = INPUT + position
    if (position > 0 && load<u64>(address - 1) === load<u64>(address)) {
      position = linkRun(position, end, size)
      continue
    }
    const code = hashAt(address)
    const repeated = (code & SAMPLED) === 0 ? exchangeLatest(code, position) : -1
    if (repeated >= 0) {
      const linked = linkRepeat(position, repeated, end, size)
      if (linked > position) {
        position = linked
        continue
      }
    }
    const counter = BUCKET_SIZES + ((<i32>(code >>> 16)) << 2)
    store<i32>(counter, load<i32>(counter) + 1)
    unlinked++
    position++
  }
  const length = max(end - begin, 0)
  countedPieces++
  countedPositions += length
  if ((unlinked - unlinkedBefore) << 1 > length) freshPieces++
}

/**
 * Are fewer than one in eight of the counted positions in no repeat, and is hardly any piece new, as where a tar has headers only?
 * Whatever else is nearly all repeats owes its size to the few pieces that are new.
 */
export function isRepetitive(): boolean {
  return unlinked << 3 < countedPositions && freshPieces << 5 <= countedPieces
}

/** Keeps the latest position of a hash, and returns the one before it; -1 for none. */
function exchangeLatest(code: u32, position: i32): i32 {
  const entry = LATEST + ((<i32>(code >>> 16)) << 2)
  // Positions are kept with 1 added, so that 0 is none.
  const earlier = load<i32>(entry) - 1
  store<i32>(entry, position + 1)
  return earlier
}

/**
 * Links positions from `begin` on, each to the one as far behind `earlier`, if very many bytes are equal. The last ones are left
 * to be sorted, since a longer match may begin there. Returns the first position that was not linked.
 */
function linkRepeat(begin: i32, earlier: i32, pieceEnd: i32, size: i32): i32 {
  const length = equalBytes(INPUT + begin, INPUT + earlier, 0, min(size, pieceEnd + 256) - begin)
  if (length < depth + REPEAT_MIN) return begin
  const end = begin + length
  const stop = min(end - depth, pieceEnd)
  const distance = begin - earlier
  for (let position = begin; position < stop; position++) {
    setLink(position, position - distance, min(end - position, 255))
    const code = hashAt(INPUT + position)
    if ((code & SAMPLED) === 0) exchangeLatest(code, position)
  }
  return stop
}

/** Links positions from `begin` on, each to the one before it, while eight equal bytes follow. Returns the first not linked. */
function linkRun(begin: i32, pieceEnd: i32, size: i32): i32 {
  const byte = load<u8>(INPUT + begin)
  let end = begin + 8
  while (end < size && end < pieceEnd + 256 && load<u8>(INPUT + end) === byte) end++
  let position = begin
  do {
    setLink(position, position - 1, min(end - position, 255))
    position++
  } while (position < pieceEnd && load<u64>(INPUT + position - 1) === load<u64>(INPUT + position))
  return position
}

/** Chooses the next buckets to make. False if all are done. */
export function beginRange(pieces: i32): boolean {
  if (inParts && collectPiece < pieces) {
    collected = 0
    return true
  }
  rangeBegin = rangeEnd
  if (rangeBegin === BUCKETS) return false
  let total = 0
  inParts = false
  while (rangeEnd < BUCKETS) {
    const size = load<i32>(BUCKET_SIZES + (rangeEnd << 2))
    if (total + size > sortCapacity) {
      if (total > 0) break
      inParts = true
      rangeBegin = rangeEnd++
      break
    }
    total += size
    rangeEnd++
  }
  collectPiece = 0
  collected = 0
  return true
}

/** Collects the positions of the next piece that are in the buckets at hand and have no link. False if there are no more. */
export function collectNext(pieces: i32, size: i32): boolean {
  if (collectPiece === pieces || (inParts && collected + PIECE_SIZE > sortCapacity)) return false
  const piece = collectPiece++
  if (kindOf(piece) === STORED) return true
  const begin = piece << PIECE_BITS
  const end = INPUT + min(begin + PIECE_SIZE, size - 3)
  const first = <u32>rangeBegin
  const count = <u32>(rangeEnd - rangeBegin)
  let target = collection + (collected << 2)
  let address = INPUT + begin
  // Written first and kept or not by a sum: where positions go cannot be foretold.
  for (; address < end; address++) {
    const position = address - INPUT
    store<i32>(target, position)
    const inRange = (hashAt(address) >>> 16) - first < count
    const isOpen = linkAt(position) === 0
    target += (<i32>inRange & <i32>isOpen) << 2
  }
  collected = (target - collection) >>> 2
  return true
}

/** Makes room for each bucket. */
export function beginDistribution(): void {
  if (inParts) store<i32>(BUCKET_SIZES + (rangeBegin << 2), collected)
  let offset = 0
  for (let bucket = rangeBegin; bucket < rangeEnd; bucket++) {
    store<i32>(BUCKET_CURSORS + (bucket << 2), offset)
    offset += load<i32>(BUCKET_SIZES + (bucket << 2)) << 2
  }
  refineAt = rangeBegin
  refineOffset = 0
}

/** Moves collected positions to their buckets, from the one numbered `from` on. False if there are no more. */
export function distribute(from: i32): boolean {
  const end = min(from + PIECE_SIZE, collected)
  for (let i = from; i < end; i++) {
    const position = load<i32>(collection + (i << 2))
    const cursor = BUCKET_CURSORS + ((<i32>(hashAt(INPUT + position) >>> 16)) << 2)
    const offset = load<i32>(cursor)
    store<i32>(buckets + offset, position)
    store<i32>(cursor, offset + 4)
  }
  return end < collected
}

/** Refines some buckets. False if all at hand are done. */
export function refineNext(): boolean {
  let work = 0
  while (refineAt < rangeEnd && work < PIECE_SIZE) {
    const count = load<i32>(BUCKET_SIZES + (refineAt << 2))
    if (count > 0) refineBucket(buckets + refineOffset, count)
    refineOffset += count << 2
    work += count + 16
    refineAt++
  }
  return refineAt < rangeEnd
}
