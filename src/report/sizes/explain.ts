import { type Check, listOf, someText, text } from '../../arguments.ts'
import { quoted } from '../../printable.ts'
import { ReportError } from '../errors.ts'
import { splitStorePath } from '../package-name.ts'
import { createReferenceGraph, neighbours, type ReferringPath, shortestChain } from '../reference-graph.ts'
import type { ImageSizes } from './measure.ts'

/** Why a store path is in an image. */
export interface PathReason {
  readonly path: string
  /** One of the shortest chains of references, from the toplevel if it reaches the path, else from the nearest root. */
  readonly chain: readonly string[]
  /** The store paths that refer to it, without itself. */
  readonly referrers: readonly string[]
}

/** Store paths that a message names. */
const NAMED_MAX = 5

const PATH: Check = (value, name) => {
  const { path, references } = (value ?? {}) as Partial<ReferringPath>
  text(path, `${name}.path`)
  listOf(text)(references, `${name}.references`)
}

/**
 * Tells why a store path is in an image. It is given by its path, by that of something in it, by its hash or name, or by how one
 * of them begins. Throws `ReportError`.
 */
export function explainPath(sizes: Pick<ImageSizes, 'storePaths' | 'roots' | 'toplevel'>, wanted: string): PathReason {
  const { storePaths, roots, toplevel } = sizes ?? {}
  listOf(PATH)(storePaths, 'sizes.storePaths')
  listOf(text)(roots, 'sizes.roots')
  someText(wanted, 'wanted')
  const target = findPath(storePaths, wanted)
  const graph = createReferenceGraph(storePaths)
  const numberOf = new Map(storePaths.map(({ path }, number) => [path, number]))
  const numbers = (paths: readonly string[]) => paths.flatMap(path => numberOf.get(path) ?? [])
  const chain =
    shortestChain(graph, numbers(toplevel === undefined ? [] : [toplevel]), target) ??
    shortestChain(graph, numbers(roots), target) ??
    []
  const pathOf = (number: number) => storePaths[number].path
  return {
    path: pathOf(target),
    chain: chain.map(pathOf),
    referrers: Array.from(neighbours(graph.referrers, target), pathOf).sort(),
  }
}

/** The number of the store path that is meant. */
function findPath(paths: readonly { readonly path: string }[], wanted: string): number {
  const word = wanted.replace(/^\/?nix\/store\//, '').replace(/\/.*$/s, '')
  const parts = paths.map(({ path }) => partsOf(path))
  const isSame = (part: string) => part === word
  const isBegun = (part: string) => part.startsWith(word)
  for (const fits of [isSame, isBegun]) {
    const found = parts.flatMap((each, number) => (each.some(fits) ? [number] : []))
    if (found.length === 1) return found[0]
    if (found.length > 1)
      throw ambiguous(
        wanted,
        found.map(number => paths[number].path),
      )
  }
  throw new ReportError('REPORT_PATH_MISSING', `${quoted(wanted)}: the image has no such store path`)
}

/** The names of a store path: its base name, and the hash and the name in it. */
function partsOf(path: string): string[] {
  const { hash, name } = splitStorePath(path)
  return [`${hash}-${name}`, hash, name]
}

function ambiguous(wanted: string, paths: readonly string[]): ReportError {
  const named = paths.slice(0, NAMED_MAX).map(quoted).join(', ')
  const others = paths.length > NAMED_MAX ? ` and ${paths.length - NAMED_MAX} more` : ''
  return new ReportError('REPORT_PATH_AMBIGUOUS', `${quoted(wanted)}: may be ${named}${others}; give more of the path`)
}
