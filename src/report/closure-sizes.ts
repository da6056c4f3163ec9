/**
 * The sizes of closures: for each store path, the sum over all that it reaches, itself included, as `nix path-info -S` has it.
 *
 * Paths that reach each other have the same closure, so they become one component (Tarjan, "Depth-first search and linear
 * graph algorithms", 1972). What each component reaches is a set of bits, for a strip of components at a time: that takes
 * memory for one strip, whatever the closure, and one pass over the references for each 256 store paths.
 */
import { type Edges, NO_PATH, type ReferenceGraph } from './reference-graph.ts'

/** Words of 32 bits in a strip. */
const WORDS = 8
const STRIP = WORDS * 32

/** The size of the closure of each path, where `sizes` has that of each path alone. */
export function closureSizes(closure: ReferenceGraph, sizes: readonly number[]): Float64Array {
  const { components, componentOf } = findComponents(closure)
  const { count } = components
  const weights = new Float64Array(count)
  for (let path = 0; path < closure.count; path++) weights[componentOf[path]] += sizes[path]
  const totals = new Float64Array(count)
  const bits = new Int32Array(count * WORDS)
  for (let start = 0; start < count; start += STRIP) {
    const end = Math.min(start + STRIP, count)
    const tables = sumsOfBytes(weights.subarray(start, end))
    // References lead to lower numbers, so nothing below the strip reaches into it.
    bits.fill(0, start * WORDS)
    for (let component = start; component < count; component++) {
      const own = component * WORDS
      if (component < end) bits[own + ((component - start) >> 5)] |= 1 << (component - start)
      for (let at = components.starts[component]; at < components.starts[component + 1]; at++) {
        const target = components.targets[at]
        if (target >= start) for (let word = 0; word < WORDS; word++) bits[own + word] |= bits[target * WORDS + word]
      }
      for (let word = 0; word < WORDS; word++) {
        const value = bits[own + word]
        if (value === 0) continue
        const table = word * 4 * 256
        totals[component] +=
          tables[table + (value & 255)] +
          tables[table + 256 + ((value >>> 8) & 255)] +
          tables[table + 512 + ((value >>> 16) & 255)] +
          tables[table + 768 + (value >>> 24)]
      }
    }
  }
  return Float64Array.from(componentOf, component => totals[component])
}

/** For each byte of a strip's bits, the sum of the weights for each value of that byte. */
function sumsOfBytes(weights: Float64Array): Float64Array {
  const tables = new Float64Array(WORDS * 4 * 256)
  for (let byte = 0; byte < WORDS * 4; byte++) {
    for (let value = 1; value < 256; value++) {
      const lowest = 31 - Math.clz32(value & -value)
      tables[byte * 256 + value] = tables[byte * 256 + (value & (value - 1))] + (weights[byte * 8 + lowest] ?? 0)
    }
  }
  return tables
}

interface Components {
  /** References between components: each leads to a lower number. */
  readonly components: Edges & { readonly count: number }
  /** The component of each path. */
  readonly componentOf: Int32Array
}

/** Groups paths that reach each other. A stack of its own takes the place of recursion: a chain may have any length. */
function findComponents({ count, references: { starts, targets } }: ReferenceGraph): Components {
  const componentOf = new Int32Array(count).fill(NO_PATH)
  const order = new Int32Array(count)
  const low = new Int32Array(count)
  const next = starts.slice()
  const pending: number[] = []
  /** All paths, those of one component behind each other. */
  const grouped: number[] = []
  const groups: number[] = [0]
  let visited = 0
  for (let root = 0; root < count; root++) {
    if (order[root] !== 0) continue
    const way = [root]
    while (way.length > 0) {
      const path = way[way.length - 1]
      if (order[path] === 0) {
        order[path] = low[path] = ++visited
        pending.push(path)
      }
      if (next[path] < starts[path + 1]) {
        const target = targets[next[path]++]
        if (order[target] === 0) way.push(target)
        else if (componentOf[target] === NO_PATH) low[path] = Math.min(low[path], order[target])
        continue
      }
      way.pop()
      if (way.length > 0) low[way[way.length - 1]] = Math.min(low[way[way.length - 1]], low[path])
      if (low[path] !== order[path]) continue
      for (let member = NO_PATH; member !== path; ) {
        member = pending.pop()!
        componentOf[member] = groups.length - 1
        grouped.push(member)
      }
      groups.push(grouped.length)
    }
  }
  return { components: joinReferences(), componentOf }

  function joinReferences() {
    const total = groups.length - 1
    const seenBy = new Int32Array(total).fill(NO_PATH)
    const joined = new Int32Array(total + 1)
    const ends: number[] = []
    for (let component = 0; component < total; component++) {
      seenBy[component] = component
      for (let member = groups[component]; member < groups[component + 1]; member++) {
        for (let at = starts[grouped[member]]; at < starts[grouped[member] + 1]; at++) {
          const target = componentOf[targets[at]]
          if (seenBy[target] === component) continue
          seenBy[target] = component
          ends.push(target)
        }
      }
      joined[component + 1] = ends.length
    }
    return { count: total, starts: joined, targets: Int32Array.from(ends) }
  }
}
