import { createFilterDecoder } from './filter-decoders.ts'
import type { Filter } from './filter-flags.ts'

/** Undoes the filters of one block, over data that comes in pieces. */
export interface FilterChain {
  /**
   * Takes the next piece of what LZMA2 gave, and returns the data that is final by now, which may be none. It changes nothing
   * of `bytes`, and keeps nothing of them. What it returns holds until the next call.
   */
  push(bytes: Uint8Array): Uint8Array
  /** Returns the rest of the data, at the end of the block. */
  end(): Uint8Array
}

/**
 * A chain for all filters of a block but LZMA2, in the order of its header. Without any, `push` returns what it was given.
 * It holds a piece and, for each filter, up to 15 bytes. Throws {@link XzError} `XZ_UNSUPPORTED` if a filter is not known.
 */
export function createFilterChain(filters: readonly Filter[]): FilterChain {
  // The header has the order of encoding: the last filter is undone first.
  const stages = filters.map(createStage).reverse()
  return {
    push: bytes => stages.reduce<Uint8Array>((data, stage) => stage.push(data), bytes),
    end: () => stages.reduce<Uint8Array>((data, stage) => stage.end(data), new Uint8Array(0)),
  }
}

/** One filter of a chain, with the bytes of which it knows too little yet. */
function createStage(filter: Filter) {
  const decoder = createFilterDecoder(filter)
  let kept = new Uint8Array(0)
  /** Used for each piece: chunks have up to 2 MiB, and a block has many. */
  let memory = new Uint8Array(0)
  /** Puts what was kept in front of a piece, and undoes the filter; returns all, and how much of it is final. */
  const undo = (bytes: Uint8Array) => {
    const size = kept.length + bytes.length
    if (memory.length < size) memory = new Uint8Array(size)
    memory.set(kept)
    memory.set(bytes, kept.length)
    const data = memory.subarray(0, size)
    return { data, final: decoder.decode(data) }
  }
  return {
    push(bytes: Uint8Array): Uint8Array {
      const { data, final } = undo(bytes)
      kept = data.slice(final)
      return data.subarray(0, final)
    },
    /** The same for the last piece, all of which is returned. */
    end: (bytes: Uint8Array): Uint8Array => undo(bytes).data,
  }
}
