import { createHash } from 'node:crypto'

/** Returns numbers that look random: the next whole number below `limit`, which is at most 2^32. */
export type Random = (limit: number) => number

/** A source that gives the same numbers for the same `label` on every machine (xorshift32, seeded by SHA-256). */
export function createRandom(label: string): Random {
  // Zero is the one state that xorshift never leaves.
  let state = createHash('sha256').update(label).digest().readInt32LE(0) | 1
  return limit => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return Math.floor(((state >>> 0) * limit) / 0x1_0000_0000)
  }
}

/** Picks one of some. */
export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)]!
}
