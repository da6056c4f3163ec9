/**
 * Numbers that look random and are the same on every machine: 32-bit integers, and of floating point only operations
 * that IEEE 754 rounds exactly (no `**`, no `Math.log`).
 */
import { createHash } from 'node:crypto'

/** A source of numbers. */
export interface Random {
  /** The next whole number below 2^32. */
  next(): number
  /** The next whole number below `limit`, which is at most 2^32. */
  below(limit: number): number
}

/** A source that gives the same numbers for the same `label` (xorshift32, begun from its SHA-256). */
export function createRandom(label: string): Random {
  // Zero is the one state that xorshift never leaves.
  let state = createHash('sha256').update(label).digest().readInt32LE(0) | 1
  const next = () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  return { next, below: limit => Math.floor((next() * limit) / 0x1_0000_0000) }
}

/** A distribution of sizes: for shares of all, in thousandths from 0 to 1000, the size that so many do not exceed. */
export type Quantiles = readonly (readonly [thousandths: number, size: number])[]

/** The size at `at` millionths of a distribution, between its points in proportion. */
export function sizeAt(quantiles: Quantiles, at: number): number {
  const upper = quantiles.findIndex(([thousandths]) => thousandths * 1000 > at)
  const [from, low] = quantiles[upper - 1]!
  const [to, high] = quantiles[upper]!
  return low + Math.floor(((high - low) * (at - from * 1000)) / ((to - from) * 1000))
}

/** A size drawn from a distribution. */
export function drawSize(random: Random, quantiles: Quantiles): number {
  return sizeAt(quantiles, random.below(1_000_000))
}

/** One of some. */
export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random.below(from.length)]!
}

/** How many numbers a {@link zipfTable} has. */
export const ZIPF_SIZE = 1 << 14

/**
 * A table of {@link ZIPF_SIZE} numbers below `count`, to draw from evenly: n is in it in proportion to 1 / (n + 4),
 * which is how often words are used in texts, the few most frequent ones aside (Zipf and Mandelbrot).
 */
export function zipfTable(count: number): Uint16Array {
  const weights = Array.from({ length: count }, (_, n) => 1 / (n + 4))
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const table = new Uint16Array(ZIPF_SIZE)
  let n = 0
  let sum = weights[0]!
  for (let i = 0; i < ZIPF_SIZE; i++) {
    while (n < count - 1 && sum * ZIPF_SIZE <= i * total) sum += weights[++n]!
    table[i] = n
  }
  return table
}
