import { createRandom } from '../lzma2-inputs.ts'

/** Numbers below 2^32, the same for a seed. */
export type Random = () => number

export { createRandom }

/** One of the items. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[random() % items.length]!
}
