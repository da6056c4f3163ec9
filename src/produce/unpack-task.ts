import type { Check, IndexRecord } from '../xz/index.ts'

/**
 * A block of an .xz file to decode, in memory that both threads share: its `size` bytes lie behind the room for its data, and
 * the stop word ({@link stopWordOf}) at the end.
 */
export interface UnpackTask {
  readonly memory: SharedArrayBuffer
  readonly size: number
  readonly record: IndexRecord
  readonly check: Check
  /** Whether only headers of a tar are wanted: what contains none is not decoded, and the check is not verified. */
  readonly onlyHeaders: boolean
}

/** Bytes of memory for `size` bytes and the stop word. */
export function withStopWord(size: number): number {
  return Math.ceil(size / STOP_WORD_SIZE) * STOP_WORD_SIZE + STOP_WORD_SIZE
}

/** The last four bytes of the memory of a task: a number other than 0 says that no more of the data is wanted. */
export function stopWordOf(memory: SharedArrayBuffer): Int32Array<SharedArrayBuffer> {
  return new Int32Array(memory, memory.byteLength - STOP_WORD_SIZE)
}

const STOP_WORD_SIZE = Int32Array.BYTES_PER_ELEMENT
