import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closureSizes } from '../../../src/report/closure-sizes.ts'
import { addedSizes, findKeepers } from '../../../src/report/dominators.ts'
import {
  createReferenceGraph,
  findRoots,
  NO_PATH,
  neighbours,
  shortestChain,
} from '../../../src/report/reference-graph.ts'

/** References by number; those to a number that is no path are to a path that is not there. */
const graph = fc
  .nat({ max: 24 })
  .chain(size => fc.array(fc.array(fc.nat({ max: size + 1 }), { maxLength: 5 }), { minLength: size, maxLength: size }))

const pathsOf = (references: readonly (readonly number[])[]) =>
  references.map((targets, path) => ({ path: `p${path}`, references: targets.map(target => `p${target}`) }))

/** All that is reached without passing `avoided`, by the plainest of searches. */
function reachOf(
  references: readonly (readonly number[])[],
  sources: readonly number[],
  avoided = NO_PATH,
): Set<number> {
  const reached = new Set<number>()
  const visit = (path: number) => {
    if (path === avoided || path >= references.length || reached.has(path)) return
    reached.add(path)
    references[path]!.forEach(visit)
  }
  sources.forEach(visit)
  return reached
}

const sizesOf = (count: number) => Array.from({ length: count }, (_, i) => 1 + i * i)
const sumOf = (sizes: readonly number[], paths: Iterable<number>) => [...paths].reduce((sum, i) => sum + sizes[i]!, 0)

describe('a closure', () => {
  it('has each reference once, and none to itself or to what is not there', () => {
    fc.assert(
      fc.property(graph, references => {
        const closure = createReferenceGraph(pathsOf(references))
        for (const [path, targets] of references.entries()) {
          const expected = [...new Set(targets)].filter(target => target !== path && target < references.length)
          expect([...neighbours(closure.references, path)]).toEqual(expected)
          const from = references.flatMap((each, i) => (i !== path && each.includes(path) ? [i] : []))
          expect([...neighbours(closure.referrers, path)]).toEqual(from)
        }
      }),
    )
  })

  it('is reached from its roots, and from no fewer', () => {
    fc.assert(
      fc.property(graph, fc.nat(), (references, some) => {
        const count = references.length
        const first = count === 0 ? undefined : some % count
        const roots = findRoots(createReferenceGraph(pathsOf(references)), first)
        expect(roots[0]).toBe(first)
        expect(reachOf(references, roots).size).toBe(count)
        for (const root of roots.slice(1)) {
          expect(
            reachOf(
              references,
              roots.filter(other => other !== root),
            ).has(root),
          ).toBe(false)
        }
      }),
    )
  })

  it('has the sizes of all that each path reaches', () => {
    fc.assert(
      fc.property(graph, references => {
        const sizes = sizesOf(references.length)
        const expected = references.map((_, path) => sumOf(sizes, reachOf(references, [path])))
        expect([...closureSizes(createReferenceGraph(pathsOf(references)), sizes)]).toEqual(expected)
      }),
    )
  })

  it('has sizes that go over many strips', () => {
    const count = 1000
    const references = Array.from({ length: count }, (_, path) => [path + 1, (path * 7) % count, path + 300])
    const some = references.map((targets, path) => (path % 5 === 0 ? [] : targets.filter(target => target > path)))
    const sizes = sizesOf(count)
    const expected = some.map((_, path) => sumOf(sizes, reachOf(some, [path])))
    expect([...closureSizes(createReferenceGraph(pathsOf(some)), sizes)]).toEqual(expected)
  })

  it('loses with a path what nothing else reaches', () => {
    fc.assert(
      fc.property(graph, references => {
        const closure = createReferenceGraph(pathsOf(references))
        const roots = findRoots(closure)
        const sizes = sizesOf(references.length)
        const keepers = findKeepers(closure, roots)
        const lost = references.map((_, path) => {
          const left = reachOf(references, roots, path)
          return new Set([...references.keys()].filter(other => !left.has(other)))
        })
        expect([...addedSizes(keepers, sizes)]).toEqual(lost.map(paths => sumOf(sizes, paths)))
        for (const [path, keeper] of keepers.keeperOf.entries()) {
          // Its keeper is the nearest of all paths that it would leave with.
          const all = [...lost.keys()].filter(other => other !== path && lost[other]!.has(path))
          const nearest = all.sort((a, b) => lost[a]!.size - lost[b]!.size)[0] ?? NO_PATH
          expect(keeper).toBe(nearest)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('has no shorter chain of references', () => {
    fc.assert(
      fc.property(graph, fc.nat(), (references, some) => {
        fc.pre(references.length > 0)
        const closure = createReferenceGraph(pathsOf(references))
        const source = some % references.length
        let reached = new Set([source])
        const distances = new Map([[source, 1]])
        for (let length = 2; reached.size > 0; length++) {
          const next = [...reached].flatMap(path => references[path]!)
          reached = new Set(next.filter(path => path < references.length && !distances.has(path)))
          for (const path of reached) distances.set(path, length)
        }
        for (const target of references.keys()) {
          const chain = shortestChain(closure, [source], target)
          expect(chain?.length).toBe(distances.get(target))
          for (const [i, path] of (chain ?? []).slice(1).entries()) expect(references[chain![i]!]).toContain(path)
        }
      }),
    )
  })
})

describe('a closure of a hostile image', () => {
  const count = 100_000
  const sizes = Array.from({ length: count }, () => 1)
  const measure = (references: (path: number) => number[]) => {
    const closure = createReferenceGraph(pathsOf(Array.from({ length: count }, (_, path) => references(path))))
    const roots = findRoots(closure)
    const keepers = findKeepers(closure, roots)
    return { closure, roots, keepers, added: addedSizes(keepers, sizes) }
  }

  it('may be one long chain, and back', () => {
    const { closure, roots, added } = measure(path => [path + 1, path - 1])
    expect(roots).toEqual([0])
    expect(shortestChain(closure, roots, count - 1)).toHaveLength(count)
    expect(added[1]).toBe(count - 1)
    expect(closureSizes(closure, sizes)[count - 1]).toBe(count)
  })

  it('may have a million references', () => {
    const { closure, roots, added } = measure(path =>
      Array.from({ length: 10 }, (_, i) => path + 1 + ((path * (i + 1) * 7919) % 1000)),
    )
    expect(roots[0]).toBe(0)
    expect(added[count - 1]).toBe(1)
    const closures = closureSizes(closure, sizes)
    expect(closures[count - 1]).toBe(1)
    expect(Math.max(...closures.subarray(0, 10))).toBeLessThanOrEqual(count)
  })
})
