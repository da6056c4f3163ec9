/** What is wrong with where an entry stands: what it replaces, what it lies below, and what came before it. */
import { type ByteString, joinPath } from '../bytes/index.ts'
import { ROOT } from '../tree/index.ts'
import { normalizePath } from '../untar/index.ts'
import type { EntryType } from './checked-entry.ts'
import type { Report } from './findings.ts'
import type { ImageTree } from './image-tree.ts'
import { hasDotDot } from './one-entry.ts'
import { shownQuoted } from './shown.ts'
import { SYSTEMD_VERSIONS } from './versions.ts'

/** The place of an entry that is about to be put into the tree. */
export interface Place {
  /** Its number in the tree. */
  readonly id: number
  readonly path: ByteString
  readonly type: EntryType
  /** The path of the entry before it. */
  readonly previous: ByteString
}

/** Looks at the place of an entry, and notes that something lies in the folders above it. */
export function checkPlace(place: Place, tree: ImageTree, report: Report): void {
  checkDuplicate(place, tree, report)
  if (checkAbove(place, tree, report)) checkOrder(place, tree, report)
}

/** The path of the folder in which something lies. */
export function parentOf(path: ByteString): ByteString {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

/** Looks at what an entry replaces. */
function checkDuplicate({ id, path, type }: Place, tree: ImageTree, report: Report): void {
  const kind = tree.kind(id)
  if (kind === 'nothing') return
  const before = kind === 'implied' ? 'directory' : kind
  if (before === 'directory' && type === 'directory') {
    if (kind !== 'implied') {
      report('duplicate', 'comes twice: the second is what counts', { path, severity: 'note' })
    }
  } else if (before === 'directory' || type === 'directory') {
    // GNU tar removes what is in the way, if it is not a directory with something in it.
    const isFull = before === 'directory' && tree.isFilled(id)
    const message = `a ${before} and a ${type} at one path: leave one out`
    report('duplicate', message, { path, ...(!isFull && { since: 259 }) })
  } else if (type === 'hardlink') {
    report('duplicate', 'comes again as a hard link: leave one out', { path, since: 259 })
  } else {
    report('duplicate', 'comes twice: the second is what is unpacked', { path, severity: 'warning' })
  }
}

/** Looks at what an entry lies below; whether all of it are directories. */
function checkAbove({ id, path }: Place, tree: ImageTree, report: Report): boolean {
  const { paths } = tree
  for (let at = paths.parent(id); at !== ROOT; at = paths.parent(at)) {
    const kind = tree.kind(at)
    if (kind === 'symlink') {
      const link = paths.path(at)
      const message = `lies below the symlink ${shownQuoted(link)}: give it the path where it really is`
      const isMindedByAll = leadsOut(at, tree)
      report('through-symlink', message, { path, ...(isMindedByAll && { since: SYSTEMD_VERSIONS.oldest }) })
      return false
    }
    if (kind !== 'directory' && kind !== 'implied' && kind !== 'nothing') {
      report('path', `lies below ${shownQuoted(paths.path(at))}, which is a ${kind}`, { path })
      return false
    }
    tree.fill(at)
  }
  return true
}

/** Whether GNU tar makes a symlink when all else is there, and has a file in its place until then. */
function leadsOut(id: number, { paths, kind, target: targetOf }: ImageTree): boolean {
  const target = targetOf(id)!
  if (target.startsWith('/') || hasDotDot(target)) return true
  const end = normalizePath(joinPath(parentOf(paths.path(id)), target))
  return !['implied', 'directory', 'symlink'].includes(kind(paths.find(end)))
}

/** Looks at whether an entry comes behind its directory, and in front of all else that does. */
function checkOrder({ id, path, type, previous }: Place, tree: ImageTree, report: Report): void {
  const parent = parentOf(path)
  const isInside = parent === '' || parent === previous || previous.startsWith(`${parent}/`)
  if (!isInside && tree.kind(tree.paths.parent(id)) !== 'implied') {
    const message = `comes when its directory ${shownQuoted(parent)} was left already: sort entries depth first`
    report('order', message, { path })
  } else if (type === 'directory' && tree.kind(id) === 'implied') {
    report('order', 'comes behind what lies in it: put directories first', { path })
  }
}
