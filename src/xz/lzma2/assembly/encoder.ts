import { beginCandidates } from './candidates.ts'
import { beginChunks, codedPosition, codeOperations, endChunk, endChunks, outputEnd, storeData } from './chunks.ts'
import { beginLazy, parseLazy, restartLazy } from './lazy.ts'
import { GUARD, INPUT, output, reserveForRadix, reserveForRows, reserveInput } from './memory.ts'
import { setProperties } from './models.ts'
import { prepareNearest } from './nearest.ts'
import { beginOptimal, parseOptimal, renewPrices } from './optimal.ts'
import { classify, kindOf, ORDINARY, PIECE_BITS, PIECE_SIZE, preparePieces, smoothPieces } from './pieces.ts'
import { preparePrices } from './prices.ts'
import {
  beginDistribution,
  beginRange,
  collectNext,
  countPiece,
  distribute,
  isRepetitive,
  prepareRadix,
  refineNext,
} from './radix.ts'
import { setDepth } from './refine.ts'
import { prepareRows } from './rows.ts'

/**
 * The encoder of a block, in steps: `begin`, then `step` until it returns 0. A step takes milliseconds. Small ones, because
 * engines compile a function well only after it has been entered some times.
 */

const CLASSIFY: i32 = 1
const COUNT: i32 = 2
const COLLECT: i32 = 3
const DISTRIBUTE: i32 = 4
const REFINE: i32 = 5
const PARSE: i32 = 6
const DONE: i32 = 0
const MISTAKEN: i32 = -1

/** Bytes that a step parses at least, while there are so many. */
const STEP: i32 = 0x4000

/** Rows for what is in no repeat where nearly everything is, as a power of two. */
const ROWS_BESIDE_LINKS: i32 = 16

let phase: i32 = DONE
let lazy: boolean = false
/** Rows of the match finder, as a power of two; 0 stands for the radix match finder, which may make do with rows. */
let rows: i32 = 0
let niceLength: i32 = 0
let size: i32 = 0
let pieces: i32 = 0
let next: i32 = 0
/** Where pieces of the same kind end. */
let regionEnd: i32 = 0

/** The address of the block, after making room for so many bytes. */
export function reserve(bytes: i32): i32 {
  reserveInput(bytes)
  return INPUT
}

export function outputBegin(): i32 {
  return output
}

export function outputSize(): i32 {
  return outputEnd - output
}

/**
 * Begins to encode the first `bytes` bytes of the input: by 2^rows rows, or with 0 by the radix match finder, and by the lazy
 * parser or the optimal one. The rest is that of an effort, in ../levels.ts.
 */
export function begin(
  bytes: i32,
  lazyParser: boolean,
  rowBits: i32,
  depth: i32,
  nice: i32,
  skip: i32,
  lc: i32,
  lp: i32,
  pb: i32,
): void {
  size = bytes
  lazy = lazyParser
  rows = rowBits
  niceLength = nice
  if (rows > 0) reserveForRows(bytes)
  else reserveForRadix(bytes)
  memory.fill(INPUT + bytes, 0, GUARD)
  setProperties(lc, lp, pb)
  beginChunks()
  if (lazy) beginLazy(nice, false)
  else {
    setDepth(depth)
    beginCandidates(depth)
    preparePrices()
    beginOptimal(nice, skip)
  }
  pieces = (bytes + PIECE_SIZE - 1) >>> PIECE_BITS
  next = 0
  regionEnd = 0
  preparePieces()
  phase = CLASSIFY
}

/** Goes on; 0 when the output is complete, -1 when there is none, by a mistake of the parser. */
export function step(): i32 {
  if (phase === CLASSIFY) {
    if (next < pieces) classify(next++, size)
    else {
      smoothPieces(pieces)
      next = 0
      if (rows > 0) {
        prepareRows(rows)
        beginParsing()
      } else {
        prepareRadix(size)
        phase = COUNT
      }
    }
  } else if (phase === COUNT) {
    if (next < pieces) countPiece(next++, size)
    else if (isRepetitive()) parseRepeats()
    else beginNextRange()
  } else if (phase === COLLECT) {
    if (!collectNext(pieces, size)) {
      beginDistribution()
      next = 0
      phase = DISTRIBUTE
    }
  } else if (phase === DISTRIBUTE) {
    if (!distribute(next)) phase = REFINE
    next += PIECE_SIZE
  } else if (phase === REFINE) {
    if (!refineNext()) beginNextRange()
  } else if (phase === PARSE) {
    parseStep()
  }
  return phase
}

function beginNextRange(): void {
  if (beginRange(pieces)) phase = COLLECT
  else beginParsing()
}

/** Makes do with the links of repeats, and rows for the rest: nothing is sorted. The lazy parser then takes a third of the time. */
function parseRepeats(): void {
  lazy = true
  beginLazy(niceLength, true)
  prepareRows(ROWS_BESIDE_LINKS)
  beginParsing()
}

function beginParsing(): void {
  if (!lazy) prepareNearest()
  phase = PARSE
}

function parseStep(): void {
  const stop = min(codedPosition + STEP, size)
  while (codedPosition < stop) {
    if (codedPosition === regionEnd) enterRegion()
    if (codedPosition < regionEnd) {
      if (lazy) parseLazy(min(stop, regionEnd), regionEnd)
      else {
        parseOptimal(regionEnd)
        if (!codeOperations() || codedPosition > regionEnd) {
          phase = MISTAKEN
          return
        }
      }
    }
  }
  if (codedPosition === size) {
    endChunks()
    phase = DONE
  }
}

/** Stores the pieces that are not to be compressed, up to the next ordinary one, and finds where those end. */
function enterRegion(): void {
  const piece = codedPosition >>> PIECE_BITS
  let ordinary = piece
  while (ordinary < pieces && kindOf(ordinary) !== ORDINARY) ordinary++
  if (ordinary > piece) {
    endChunk()
    storeData(min(ordinary << PIECE_BITS, size))
    if (lazy) restartLazy()
    else renewPrices()
  }
  let end = ordinary
  while (end < pieces && kindOf(end) === ORDINARY) end++
  regionEnd = min(end << PIECE_BITS, size)
}
