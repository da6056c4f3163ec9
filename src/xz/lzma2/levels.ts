/**
 * What the levels mean. From 3 on, the whole block is the dictionary.
 *
 * | level | matches by              | parser  | for                                                    |
 * | ----- | ----------------------- | ------- | ------------------------------------------------------ |
 * | 0-2   | hash chains in a window | lazy    | speed: two to four times as fast as level 6            |
 * | 3-5   | radix sort of the block | optimal | somewhat less time than level 6                        |
 * | 6     | radix sort of the block | optimal | the default: less size than `xz -6`, in half its time  |
 * | 7-9   | radix sort of the block | optimal | a little less size, at any cost                        |
 */

/** From the fastest, 0, to the one that makes the smallest, 9. */
export type Lzma2Level = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9

/** The level to use where none is asked for. */
export const LZMA2_LEVEL_DEFAULT: Lzma2Level = 6

/** How a level works. Sizes are in bytes. */
export interface Lzma2Effort {
  /** How far back hash chains reach, a power of two; 0 stands for the radix match finder. */
  readonly window: number
  /** Hash chains: candidates that are compared. Radix: bytes by which positions are told apart, at most 248. */
  readonly depth: number
  /** A match of so many bytes is taken without a look at others, at most 273. */
  readonly nice: number
  /** Sixteenths of a bit by which the optimal parser lets a way be cheaper without following it. */
  readonly skip: number
}

const EFFORTS: readonly Lzma2Effort[] = [
  { window: 2 ** 18, depth: 4, nice: 24, skip: 0 },
  { window: 2 ** 20, depth: 8, nice: 32, skip: 0 },
  { window: 2 ** 22, depth: 6, nice: 48, skip: 0 },
  { window: 0, depth: 16, nice: 32, skip: 32 },
  { window: 0, depth: 24, nice: 48, skip: 24 },
  { window: 0, depth: 24, nice: 64, skip: 16 },
  { window: 0, depth: 32, nice: 192, skip: 8 },
  { window: 0, depth: 48, nice: 224, skip: 4 },
  { window: 0, depth: 64, nice: 273, skip: 0 },
  { window: 0, depth: 128, nice: 273, skip: -8 },
]

/** Throws `RangeError` for what is not a level. */
export function effortOf(level: number): Lzma2Effort {
  const effort = EFFORTS[level]
  if (effort === undefined) throw new RangeError(`not a level of LZMA2: ${level} (a whole number from 0 to 9)`)
  return effort
}

/** The dictionary that a decoder has to hold for a block of `size` bytes, in bytes; at least 4 KiB. */
export function lzma2DictionarySize(level: Lzma2Level, size: number): number {
  const { window } = effortOf(level)
  return Math.max(window > 0 ? Math.min(window, size) : size, 4096)
}
