/**
 * What the levels mean. The whole block is the dictionary. From level 3 on, a block that is nearly all long repeats, such as
 * headers of a tar, is left to rows and the lazy parser.
 *
 * | level | matches by              | parser  | for                                                         |
 * | ----- | ----------------------- | ------- | ----------------------------------------------------------- |
 * | 0     | rows of a hash table    | lazy    | speed: no look ahead                                        |
 * | 1     | rows of a hash table    | lazy    | less size than `xz -1`, in half its time                    |
 * | 2     | rows of a hash table    | optimal | between 1 and 3                                             |
 * | 3-5   | radix sort of the block | optimal | somewhat less time than level 6                             |
 * | 6     | radix sort of the block | optimal | the default: less size than `xz -6`, in half its time       |
 * | 7-9   | radix sort of the block | optimal | a little less size, at any cost                             |
 */

/** From the fastest, 0, to the one that makes the smallest, 9. */
export type Lzma2Level = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9

/** How a level works. Sizes are in bytes. */
export interface Lzma2Effort {
  /** The lazy parser, or the optimal one. */
  readonly lazy: boolean
  /** Rows of the hash table, of 16 bytes each, as a power of two: at most 17. 0 stands for the radix match finder. */
  readonly rows: number
  /** Radix: bytes by which positions are told apart, at most 248. Rows: 0. */
  readonly depth: number
  /** A match of so many bytes is taken without a look at others, at most 273. */
  readonly nice: number
  /** Sixteenths of a bit by which the optimal parser lets a way be cheaper without following it. */
  readonly skip: number
}

const EFFORTS: readonly Lzma2Effort[] = [
  { lazy: true, rows: 15, depth: 0, nice: 4, skip: 0 },
  { lazy: true, rows: 16, depth: 0, nice: 24, skip: 0 },
  { lazy: false, rows: 17, depth: 0, nice: 32, skip: 32 },
  { lazy: false, rows: 0, depth: 16, nice: 32, skip: 32 },
  { lazy: false, rows: 0, depth: 24, nice: 48, skip: 24 },
  { lazy: false, rows: 0, depth: 24, nice: 64, skip: 16 },
  { lazy: false, rows: 0, depth: 48, nice: 192, skip: 8 },
  { lazy: false, rows: 0, depth: 64, nice: 224, skip: 4 },
  { lazy: false, rows: 0, depth: 96, nice: 273, skip: 0 },
  { lazy: false, rows: 0, depth: 160, nice: 273, skip: -8 },
]

/** Throws `RangeError` for what is not a level. */
export function effortOf(level: number): Lzma2Effort {
  const effort = EFFORTS[level]
  if (effort === undefined) throw new RangeError(`not a level of LZMA2: ${level} (a whole number from 0 to 9)`)
  return effort
}

/** The dictionary that a decoder has to hold for a block of `size` bytes, in bytes: the block, but at least 4 KiB. */
export function lzma2DictionarySize(size: number): number {
  return Math.max(size, 4096)
}
