/** A closure as a graph: store paths by their number, and which of them refer to which. */

/** A store path and what it refers to. */
export interface ReferringPath {
  readonly path: string
  readonly references: readonly string[]
}

/** Which store paths refer to which, by number. Those of number `i` are `targets[starts[i]]` up to `targets[starts[i + 1]]`. */
export interface Edges {
  readonly starts: Int32Array
  readonly targets: Int32Array
}

/** A graph of store paths. No path refers to itself in it, and none to the same path twice. */
export interface ReferenceGraph {
  /** How many store paths there are. */
  readonly count: number
  /** The paths that each one refers to. */
  readonly references: Edges
  /** The paths that refer to each one. */
  readonly referrers: Edges
}

/** No store path. */
export const NO_PATH = -1

/** Makes the graph of store paths, each of which is there once. References to paths that are not there are left out. */
export function createReferenceGraph(paths: readonly ReferringPath[]): ReferenceGraph {
  const numbers = new Map(paths.map(({ path }, number) => [path, number]))
  const count = paths.length
  const starts = new Int32Array(count + 1)
  const targets: number[] = []
  const referrerStarts = new Int32Array(count + 1)
  /** The last path that was seen to refer to each one. */
  const seenBy = new Int32Array(count).fill(NO_PATH)
  for (const [from, { references }] of paths.entries()) {
    for (const reference of references) {
      const to = numbers.get(reference) ?? from
      if (to === from || seenBy[to] === from) continue
      seenBy[to] = from
      targets.push(to)
      referrerStarts[to + 1]++
    }
    starts[from + 1] = targets.length
  }
  for (let i = 0; i < count; i++) referrerStarts[i + 1] += referrerStarts[i]
  const filled = referrerStarts.slice()
  const sources = new Int32Array(targets.length)
  for (let from = 0; from < count; from++) {
    for (let at = starts[from]; at < starts[from + 1]; at++) sources[filled[targets[at]]++] = from
  }
  return {
    count,
    references: { starts, targets: Int32Array.from(targets) },
    referrers: { starts: referrerStarts, targets: sources },
  }
}

/** The paths at the other end of the edges of one path. */
export function neighbours({ starts, targets }: Edges, path: number): Int32Array {
  return targets.subarray(starts[path], starts[path + 1])
}

/**
 * The paths that all others are reached from: `first` if it is given, those that no other path refers to, and one of each
 * cycle that nothing else reaches.
 */
export function findRoots({ count, references, referrers }: ReferenceGraph, first?: number): number[] {
  const roots: number[] = []
  const isReached = new Uint8Array(count)
  const reach = (path: number, marks: Uint8Array) => {
    if (marks[path]) return false
    walk(references, [path], marks)
    return true
  }
  const add = (path: number) => {
    if (reach(path, isReached)) roots.push(path)
  }
  if (first !== undefined) add(first)
  for (let path = 0; path < count; path++) if (referrers.starts[path] === referrers.starts[path + 1]) add(path)
  // Of what is left, a path may be reached by one behind it, but by none in front.
  const marks = isReached.slice()
  const left = Array.from({ length: count }, (_, path) => path).filter(path => reach(path, marks))
  left.reverse().forEach(add)
  return roots
}

/** One of the shortest chains of references from one of `sources` to `target`, both included; `undefined` if there is none. */
export function shortestChain({ count, references }: ReferenceGraph, sources: readonly number[], target: number) {
  const cameFrom = new Int32Array(count).fill(NO_PATH)
  const isReached = new Uint8Array(count)
  walk(references, sources, isReached, (path, from) => {
    cameFrom[path] = from
  })
  if (!isReached[target]) return undefined
  const chain: number[] = []
  for (let at = target; at !== NO_PATH; at = cameFrom[at]) chain.push(at)
  return chain.reverse()
}

/** Marks all paths that are reached, nearest first, and gives for each the one it is reached from. Passes over marked ones. */
function walk(
  edges: Edges,
  sources: readonly number[],
  isReached: Uint8Array,
  visit: (path: number, from: number) => void = () => {},
): void {
  const queue: number[] = []
  const reach = (path: number, from: number) => {
    if (isReached[path]) return
    isReached[path] = 1
    queue.push(path)
    visit(path, from)
  }
  for (const source of sources) reach(source, NO_PATH)
  for (const path of queue) for (const next of neighbours(edges, path)) reach(next, path)
}
