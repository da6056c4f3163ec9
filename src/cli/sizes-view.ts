/** Sizes of an image as people read them. */
import { printable } from '../printable.ts'
import type { ImageSizes, PartSizes, PathReason, PathSizes } from '../report/index.ts'
import { formatBytes } from '../units.ts'
import type { Line } from './print.ts'

/** Store paths that are shown without --all. */
const SHOWN = 20

/** Columns of a table; that of the names is as wide as what is left of 80. */
const COLUMN = 9
const NAME_MAX = 80 - 5 * COLUMN - 2

/** Characters of a hash that distinguish store paths of one name. */
const HASH_SHOWN = 7

const PARTS: Readonly<Record<PartSizes['part'], string>> = {
  entries: 'outside of store paths: /etc, …',
  container: 'headers of the file',
}

/** A table of the largest store paths, or of all, with the bytes of other entries and the total. */
export function tableLines(sizes: ImageSizes, isAll: boolean): Line[] {
  const { storePaths, others, fileSize, tarSize } = sizes
  const shown = isAll ? storePaths : storePaths.slice(0, SHOWN)
  const rest = storePaths.slice(shown.length)
  const share = (size: number) => (fileSize === 0 ? '' : `${((100 * size) / fileSize).toFixed(1)} %`)
  const row = (name: string, file: number, tar: number, closure = '', added = '') =>
    lineOf([formatBytes(file), share(file), formatBytes(tar), closure, added], name)
  const shownName = createNames(storePaths)
  const heading = lineOf(['In file', 'Share', 'In tar', 'Closure', 'Added'], 'Store path')
  return [
    [{ style: 'bold', text: heading }],
    ...shown.map(path =>
      row(shownName(path), path.fileSize, path.tarSize, formatBytes(path.closureSize), formatBytes(path.addedSize)),
    ),
    ...(rest.length > 0 ? [row(`${rest.length} more (--all)`, sum(rest, 'fileSize'), sum(rest, 'tarSize'))] : []),
    ...others.filter(part => part.fileSize > 0).map(part => row(PARTS[part.part], part.fileSize, part.tarSize)),
    row(storePaths.length === 1 ? '1 store path' : `${storePaths.length} store paths`, fileSize, tarSize),
  ]
}

/** The chain of references to a store path, and the store paths that refer to it. */
export function reasonLines({ path, chain, referrers }: PathReason, isAll: boolean): Line[] {
  const shown = isAll ? referrers : referrers.slice(0, SHOWN)
  const rest = referrers.length - shown.length
  const heading =
    referrers.length === 0
      ? `No other store path refers to ${path}.`
      : `${referrers.length === 1 ? '1 store path refers' : `${referrers.length} store paths refer`} to it:`
  return [
    ...chain.map((each, depth) => (depth === 0 ? each : `${' '.repeat(4 * (depth - 1))}└───${each}`)),
    '',
    heading,
    ...shown.map(each => `  ${each}`),
    ...(rest > 0 ? [`  ${rest} more (--all)`] : []),
  ]
}

function lineOf(cells: readonly string[], name: string): string {
  return `${cells.map(cell => cell.padStart(COLUMN)).join('')}  ${name}`.trimEnd()
}

function sum(paths: readonly PathSizes[], key: 'fileSize' | 'tarSize'): number {
  return paths.reduce((total, path) => total + path[key], 0)
}

/** Names store paths without the store and the hash; of several with one name, each with the beginning of its hash. */
function createNames(paths: readonly PathSizes[]): (path: PathSizes) => string {
  const timesOf = new Map<string, number>()
  for (const { path } of paths) timesOf.set(nameOf(path), (timesOf.get(nameOf(path)) ?? 0) + 1)
  return ({ path }) => {
    const name = nameOf(path)
    const mark = timesOf.get(name) === 1 ? '' : ` (${printable(hashOf(path))})`
    return cut(printable(name), NAME_MAX - mark.length) + mark
  }
}

/** A name in this many columns. Its end stays, which has the version and the output. */
function cut(name: string, length: number): string {
  if (name.length <= length) return name
  const end = Math.floor((length - 1) / 2)
  return `${name.slice(0, length - 1 - end)}…${name.slice(name.length - end)}`
}

function nameOf(path: string): string {
  return path.replace(/^.*\//s, '').replace(/^[^-]*-/s, '')
}

function hashOf(path: string): string {
  return path.replace(/^.*\//s, '').slice(0, HASH_SHOWN)
}
