import { equalBytes } from './compare.ts'
import { DECISIONS, INPUT, OPERATIONS_END, output } from './memory.ts'
import { properties, resetModels } from './models.ts'
import { firstOperation } from './operations.ts'
import { beginCoding, code, codedEnd, endCoding } from './range-coder.ts'
import { clearDecisions, countDecisions, DECISIONS_MAX, decisionsEnd, resetState, writeOperation } from './symbols.ts'

/**
 * LZMA2 chunks: what their frame is, stands in ../../lzma2-chunks.ts.
 */

/** Bytes of data in a chunk of LZMA, and of a stored one, at most. */
const DATA_MAX: i32 = 1 << 21
const STORED_MAX: i32 = 1 << 16
/** Bytes of a chunk's header with properties. */
const HEADER_SIZE: i32 = 6
/** Decisions that are coded at a time, and how large a chunk may be before it: 19 bits a decision at most. */
const BATCH: i32 = 1024
const CODED_MAX: i32 = (1 << 16) - (BATCH + DECISIONS_MAX) * 3 - 8

/** The control byte of the next LZMA chunk: what it has to reset. */
const CONTINUE: i32 = 0x80
const RESET_STATE: i32 = 0xa0
const RESET_STATE_PROPERTIES: i32 = 0xc0
const RESET_ALL: i32 = 0xe0
let control: i32 = RESET_ALL

/** Where the current chunk goes, and of what. */
export let outputEnd: i32 = 0
let chunkBegin: i32 = 0
/** The position of the next operation. */
export let codedPosition: i32 = 0
/** Counts operations, for the prices' sake. */
export let operationCount: i32 = 0

export function beginChunks(): void {
  outputEnd = output
  control = RESET_ALL
  chunkBegin = 0
  codedPosition = 0
  operationCount = 0
  forget()
  beginChunk()
}

/** Whatever a chunk that resets the state makes the decoder forget. */
function forget(): void {
  resetModels()
  resetState()
}

function beginChunk(): void {
  chunkBegin = codedPosition
  clearDecisions()
  beginCoding(outputEnd + HEADER_SIZE)
}

/** New properties (`setProperties`) hold from the next chunk on. */
export function changeProperties(): void {
  if (control !== RESET_ALL) control = RESET_STATE_PROPERTIES
  forget()
}

/** Codes the next operation. */
export function encode(length: i32, distance: i32): void {
  if (codedPosition + length - chunkBegin > DATA_MAX || codedEnd - outputEnd > CODED_MAX) endChunk()
  writeOperation(codedPosition, length, distance)
  codedPosition += length
  if (countDecisions() >= BATCH) {
    code(DECISIONS, decisionsEnd)
    clearDecisions()
  }
}

/** Codes all operations that the parser left; false, and no more of them, where one repeats bytes that are not equal. */
export function codeOperations(): boolean {
  for (let at = firstOperation; at < OPERATIONS_END; at += 8) {
    const length = load<i32>(at)
    const distance = load<i32>(at, 4)
    const address = INPUT + codedPosition
    if (distance > 0 && equalBytes(address, address - distance, 0, length) < length) return false
    encode(length, distance)
  }
  operationCount += (OPERATIONS_END - firstOperation) >>> 3
  return true
}

/** Ends the chunk, stored if that is shorter, and begins the next. */
export function endChunk(): void {
  code(DECISIONS, decisionsEnd)
  const size = codedPosition - chunkBegin
  if (size === 0) {
    beginChunk()
    return
  }
  endCoding()
  const begin = outputEnd + HEADER_SIZE
  const coded = codedEnd - begin
  if (coded + HEADER_SIZE >= size + 3) {
    storeData(codedPosition)
    return
  }
  const hasProperties = control >= RESET_STATE_PROPERTIES
  store<u8>(outputEnd, control | ((size - 1) >>> 16))
  storeU16be(outputEnd + 1, size - 1)
  storeU16be(outputEnd + 3, coded - 1)
  if (hasProperties) {
    store<u8>(outputEnd + 5, properties)
    outputEnd = codedEnd
  } else {
    memory.copy(outputEnd + HEADER_SIZE - 1, begin, coded)
    outputEnd = codedEnd - 1
  }
  control = CONTINUE
  beginChunk()
}

/** Stores what is not yet in a chunk, up to `end`. */
export function storeData(end: i32): void {
  for (let at = chunkBegin; at < end; ) {
    const size = min(end - at, STORED_MAX)
    store<u8>(outputEnd, control === RESET_ALL ? 1 : 2)
    storeU16be(outputEnd + 1, size - 1)
    memory.copy(outputEnd + 3, INPUT + at, size)
    outputEnd += 3 + size
    at += size
    // The decoder is left without properties by the reset; behind any stored chunk, the state has to be reset.
    control = control >= RESET_STATE_PROPERTIES ? RESET_STATE_PROPERTIES : RESET_STATE
  }
  codedPosition = end
  forget()
  beginChunk()
}

/** Ends the last chunk and the data. */
export function endChunks(): void {
  endChunk()
  store<u8>(outputEnd++, 0)
}

function storeU16be(address: i32, value: i32): void {
  store<u8>(address, value >>> 8)
  store<u8>(address + 1, value)
}
