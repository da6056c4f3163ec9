/**
 * The keeper of a store path in an image: the last path that every chain of references to it passes, its immediate dominator.
 * Without that path, it would not be in the image.
 *
 * By T. Lengauer and R. E. Tarjan, "A fast algorithm for finding dominators in a flowgraph" (1979), the simple version:
 * O(m log n). The iteration of Cooper, Harvey and Kennedy is shorter, and quadratic for graphs that are made to be so.
 */
import { NO_PATH, neighbours, type ReferenceGraph } from './reference-graph.ts'

/** The paths that keep each path in the image. */
export interface Keepers {
  /** The immediate dominator of each path; `NO_PATH` for roots, and for what several roots keep. */
  readonly keeperOf: Int32Array
  /** All paths that are reached, each behind its keeper. */
  readonly order: Int32Array
}

/** Finds what keeps each path that is reached from `roots`. */
export function findKeepers({ count, references, referrers }: ReferenceGraph, roots: readonly number[]): Keepers {
  // From here on, paths are called by their place in a walk in depth; 0 is a node of its own that all roots hang from.
  const { order, placeOf, parents } = walkInDepth()
  const size = order.length + 1
  const semi = Int32Array.from({ length: size }, (_, place) => place)
  const label = semi.slice()
  const ancestor = new Int32Array(size).fill(NO_PATH)
  const keepers = new Int32Array(size)
  const isRoot = new Uint8Array(count)
  for (const root of roots) isRoot[root] = 1
  /** Places by their semidominator, as lists. */
  const firstOf = new Int32Array(size).fill(NO_PATH)
  const nextOf = new Int32Array(size).fill(NO_PATH)

  for (let place = size - 1; place > 0; place--) {
    const path = order[place - 1]
    const parent = parents[place]
    if (isRoot[path]) semi[place] = 0
    for (const referrer of neighbours(referrers, path)) {
      const from = placeOf[referrer]
      if (from !== 0) semi[place] = Math.min(semi[place], semi[evaluate(from)])
    }
    nextOf[place] = firstOf[semi[place]]
    firstOf[semi[place]] = place
    ancestor[place] = parent
    for (let member = firstOf[parent]; member !== NO_PATH; member = nextOf[member]) {
      const lowest = evaluate(member)
      keepers[member] = semi[lowest] < semi[member] ? lowest : parent
    }
    firstOf[parent] = NO_PATH
  }
  const keeperOf = new Int32Array(count).fill(NO_PATH)
  for (let place = 1; place < size; place++) {
    if (keepers[place] !== semi[place]) keepers[place] = keepers[keepers[place]]
    if (keepers[place] !== 0) keeperOf[order[place - 1]] = order[keepers[place] - 1]
  }
  return { keeperOf, order }

  /** The place with the lowest semidominator on the way up from `place`, which is made shorter. */
  function evaluate(place: number): number {
    if (ancestor[place] === NO_PATH) return place
    const way: number[] = []
    for (let at = place; ancestor[ancestor[at]] !== NO_PATH; at = ancestor[at]) way.push(at)
    for (let at = way.pop(); at !== undefined; at = way.pop()) {
      const above = ancestor[at]
      if (semi[label[above]] < semi[label[at]]) label[at] = label[above]
      ancestor[at] = ancestor[above]
    }
    return label[place]
  }

  function walkInDepth() {
    const placeOf = new Int32Array(count)
    const parents = new Int32Array(count + 1)
    const order: number[] = []
    const next = references.starts.slice()
    for (const root of roots) {
      const way: number[] = []
      const enter = (path: number, parent: number) => {
        order.push(path)
        placeOf[path] = order.length
        parents[order.length] = parent
        way.push(path)
      }
      if (placeOf[root] === 0) enter(root, 0)
      while (way.length > 0) {
        const path = way[way.length - 1]
        if (next[path] === references.starts[path + 1]) way.pop()
        else {
          const target = references.targets[next[path]++]
          if (placeOf[target] === 0) enter(target, placeOf[path])
        }
      }
    }
    return { order: Int32Array.from(order), placeOf, parents }
  }
}

/** For each path, the sum of `sizes` over all that only it keeps, itself included: what would leave the image with it. */
export function addedSizes({ keeperOf, order }: Keepers, sizes: readonly number[]): Float64Array {
  const added = Float64Array.from(sizes)
  for (let at = order.length - 1; at >= 0; at--) {
    const keeper = keeperOf[order[at]]
    if (keeper !== NO_PATH) added[keeper] += added[order[at]]
  }
  return added
}
