/** The data of the page, and what follows from it. */
import type { PathData, SizesData } from '../../sizes-data.ts'
import { byId } from '../elements.ts'

/** The data in the page. */
export const data: SizesData = JSON.parse(byId('data').textContent)

/** For each store path, those that refer to it, and those that only it keeps; the largest first. */
export const referrers: readonly number[][] = data.paths.map(() => [])
export const kept: readonly number[][] = data.paths.map(() => [])
for (const [number, { references, keeper }] of data.paths.entries()) {
  for (const reference of references) referrers[reference].push(number)
  if (keeper >= 0) kept[keeper].push(number)
}

const timesOf = new Map<string, number>()
for (const { name } of data.paths) timesOf.set(name, (timesOf.get(name) ?? 0) + 1)

/** The name of a store path, with its hash where another one has the same name. */
export function nameOf({ name, hash }: PathData): string {
  return timesOf.get(name) === 1 ? name : `${name} (${hash.slice(0, 7)})`
}

/** Where a link to a store path leads. */
export function linkTo({ hash, name }: PathData): string {
  return `#${encodeURIComponent(`${hash}-${name}`)}`
}

const numbers = new Map(data.paths.map((path, number) => [linkTo(path), number]))

/** The store path that the address of the page names, else the first root. */
export function selectedPath(): number | undefined {
  return numbers.get(location.hash) ?? data.roots[0] ?? (data.paths.length > 0 ? 0 : undefined)
}

/** One of the shortest chains of references to a store path: from the first root if that reaches it, else from the nearest. */
export function chainTo(target: number): number[] {
  return search(data.roots.slice(0, 1), target) ?? search(data.roots, target) ?? [target]
}

function search(sources: readonly number[], target: number): number[] | undefined {
  const cameFrom = new Map<number, number>(sources.map(source => [source, -1]))
  const queue = [...sources]
  for (const path of queue) {
    for (const next of data.paths[path].references) {
      if (cameFrom.has(next)) continue
      cameFrom.set(next, path)
      queue.push(next)
    }
  }
  if (!cameFrom.has(target)) return undefined
  const chain: number[] = []
  for (let at = target; at >= 0; at = cameFrom.get(at) ?? -1) chain.push(at)
  return chain.reverse()
}
