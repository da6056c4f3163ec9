import { createDecoderInstance } from '../code.ts'
import { XzError } from '../errors.ts'
import type { Lzma2Chunk } from '../lzma2-chunks.ts'
import type { WasmMemory } from '../wasm.ts'

/** The LZMA2 decoder: its algorithms are in `assembly/`, compiled to WebAssembly. */

/**
 * Decodes LZMA2 data chunk by chunk, in memory of its own: the dictionary, and an eighth of it or 4 MiB more. It grows with
 * the data and ends with the decoder; keep one for many blocks.
 */
export interface Lzma2Decoder {
  /** Begins with data whose matches go back at most `dictionarySize` bytes. */
  begin(dictionarySize: number): void
  /**
   * Decodes the next chunk. The data is in the decoder's memory and holds until it is used again: copy what has to last.
   * Throws {@link XzError} `XZ_LZMA2` for a damaged one, and then takes no other before `begin`.
   */
  decode(chunk: Lzma2Chunk, bytes: Uint8Array): Uint8Array<ArrayBuffer>
  /** Bytes of its memory. */
  readonly memorySize: number
}

/** What `assembly/decoder.ts` exports. Addresses and sizes are in bytes. */
interface Exports {
  readonly memory: WasmMemory
  begin(dictionarySize: number): void
  coded(): number
  resetDictionary(): void
  resetState(): void
  setPropertiesByte(properties: number): void
  takeStored(size: number): void
  decode(codedSize: number, size: number): number
  dataEnd(): number
}

/** The longest dictionary in bytes: its window has to fit into 4 GiB. */
const LZMA2_DICTIONARY_SIZE_MAX = 1.5 * 2 ** 30

/** A decoder. */
function createLzma2Decoder(): Lzma2Decoder {
  const wasm = createDecoderInstance() as Exports
  return {
    begin(dictionarySize) {
      if (!Number.isInteger(dictionarySize) || dictionarySize < 0 || dictionarySize > LZMA2_DICTIONARY_SIZE_MAX) {
        throw new RangeError(`not a dictionary size: ${dictionarySize} (0 to ${LZMA2_DICTIONARY_SIZE_MAX} bytes)`)
      }
      wasm.begin(dictionarySize)
    },
    decode(chunk, bytes) {
      if (bytes.length !== chunk.size) throw new RangeError(`the chunk takes ${chunk.size} bytes, not ${bytes.length}`)
      if (chunk.resetsDictionary) wasm.resetDictionary()
      if (chunk.properties !== undefined) wasm.setPropertiesByte(chunk.properties)
      if (chunk.resetsState) wasm.resetState()
      new Uint8Array(wasm.memory.buffer).set(bytes, wasm.coded())
      if (chunk.isStored) wasm.takeStored(bytes.length)
      else if (!wasm.decode(bytes.length, chunk.uncompressedSize)) {
        throw new XzError('XZ_LZMA2', 'the data of an LZMA2 chunk is damaged')
      }
      return new Uint8Array(wasm.memory.buffer, wasm.dataEnd() - chunk.uncompressedSize, chunk.uncompressedSize)
    },
    get memorySize() {
      return wasm.memory.buffer.byteLength
    },
  }
}

/** Decoders that nobody uses, for the next who wants one: each new one takes address space until it is collected. */
const idle: Lzma2Decoder[] = []
const IDLE_MAX = 2
/** Enough for the blocks of our images, with their dictionary of 16 MiB. */
const IDLE_MEMORY_MAX = 24 * 1024 * 1024

/** A decoder, perhaps one that was used before. */
export function borrowLzma2Decoder(): Lzma2Decoder {
  return idle.pop() ?? createLzma2Decoder()
}

/** Gives a borrowed decoder back. */
export function returnLzma2Decoder(decoder: Lzma2Decoder): void {
  if (idle.length < IDLE_MAX && decoder.memorySize <= IDLE_MEMORY_MAX) idle.push(decoder)
}
