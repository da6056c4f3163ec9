import { checkBytes } from '../arguments.ts'
import { createEncoderInstance } from '../code.ts'
import type { WasmMemory } from '../wasm.ts'
import { effortOf, type Lzma2Level } from './levels.ts'

/**
 * The LZMA2 encoder: its algorithms are in `assembly/`, compiled to WebAssembly. The same bytes and level give the same
 * output on every machine.
 */

/** Names what decides the bytes of the output besides the level. It changes whenever they may change. */
export const LZMA2_ENCODER = 'nspawn-rootfs 8'

/** The longest block in bytes. */
export const LZMA2_BLOCK_SIZE_MAX = 2 ** 24

/**
 * Encodes blocks, one after the other, each for itself. It works in memory of its own: 114 MB for blocks of 16 MiB from
 * level 3 on, less for smaller ones and for the levels below. It grows with the longest block only, and ends with the encoder.
 */
export interface Lzma2Encoder {
  /**
   * Where the next block goes: `size` bytes of the encoder's memory, to be filled for {@link encodeInput}. They are the
   * caller's until then. Throws `RangeError` for more than {@link LZMA2_BLOCK_SIZE_MAX}.
   */
  input(size: number): Uint8Array<ArrayBuffer>
  /**
   * Encodes the first `size` bytes of the input: LZMA2 chunks with their end marker. They are in the encoder's memory and
   * hold until it is used again: copy what has to last. Throws `RangeError` for what is not a level, or for a `size` that
   * was not asked for.
   */
  encodeInput(size: number, level: Lzma2Level): Uint8Array<ArrayBuffer>
  /** Encodes a copy of `bytes`: the two above in one. */
  encode(bytes: Uint8Array, level: Lzma2Level): Uint8Array<ArrayBuffer>
}

/** What `assembly/encoder.ts` exports. Addresses and sizes are in bytes. */
interface Exports {
  readonly memory: WasmMemory
  reserve(bytes: number): number
  begin(
    bytes: number,
    lazy: number,
    rows: number,
    depth: number,
    nice: number,
    skip: number,
    lc: number,
    lp: number,
    pb: number,
  ): void
  step(): number
  outputBegin(): number
  outputSize(): number
}

/** An encoder. Each has its own memory; make one per thread and keep it. */
export function createLzma2Encoder(): Lzma2Encoder {
  const wasm = createEncoderInstance() as Exports
  let reserved = 0

  function input(size: number): Uint8Array<ArrayBuffer> {
    if (!Number.isInteger(size) || size < 0 || size > LZMA2_BLOCK_SIZE_MAX) {
      throw new RangeError(`not a size of a block: ${size} (0 to ${LZMA2_BLOCK_SIZE_MAX} bytes)`)
    }
    const address = wasm.reserve(size)
    reserved = size
    return new Uint8Array(wasm.memory.buffer, address, size)
  }

  function encodeInput(size: number, level: Lzma2Level): Uint8Array<ArrayBuffer> {
    if (!Number.isInteger(size) || size < 0 || size > reserved) {
      throw new RangeError(`the input has ${reserved} bytes, not ${size}`)
    }
    // What is behind it is written over.
    reserved = size
    const { lazy, rows, depth, nice, skip } = effortOf(level)
    wasm.begin(size, Number(lazy), rows, depth, nice, skip, 3, 0, 2)
    for (let phase = wasm.step(); phase !== 0; phase = wasm.step()) {
      if (phase < 0) throw new Error(`the LZMA2 encoder made a mistake at level ${level}: use another, and report it`)
    }
    return new Uint8Array(wasm.memory.buffer, wasm.outputBegin(), wasm.outputSize())
  }

  return {
    input,
    encodeInput,
    encode(bytes, level) {
      checkBytes(bytes, 'bytes')
      effortOf(level)
      input(bytes.length).set(bytes)
      return encodeInput(bytes.length, level)
    },
  }
}
