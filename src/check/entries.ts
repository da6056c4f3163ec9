import { type ByteString, byteString, EMPTY, joinPath } from '../bytes/index.ts'
import { REGISTRATION_FILE } from '../stored-paths.ts'
import { type ImageNode, NONE, ROOT } from '../tree/index.ts'
import { normalizePath, PATH_MAX } from '../untar/index.ts'
import { type CheckedEntry, fits, isText, PROGRAM_HEAD } from './checked-entry.ts'
import { identifyProgram } from './elf.ts'
import type { Report } from './findings.ts'
import { createImageTree, type ImageTree } from './image-tree.ts'
import { NAMES_MAX, PATHS_MAX } from './limits.ts'
import { checkEntry, hasDotDot } from './one-entry.ts'
import { shownQuoted } from './shown.ts'
import { SYSTEMD_VERSIONS } from './versions.ts'

/** A directory that may become the root of a machine. */
export interface TopFolder {
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** The tree that entries make, and the faults of each and of their order. */
export interface EntriesCheck {
  /** What is there so far. Hard links are what they lead to. */
  readonly tree: ImageTree
  /** Whether there was no room for some entries: then the tree is not the whole one. */
  readonly isCut: boolean
  /** What the file of that name holds, all of it or as much as is read. */
  readonly registration: Uint8Array | undefined
  /** The root, by '', or the directory of that name that is the first at the top. */
  top(path: ByteString): TopFolder | undefined
  /** The next entry of the archive. */
  add(entry: CheckedEntry): void
  /** To be called when there are no more. */
  finish(): void
}

/** Looks at entries in their order, one small record of each kept. */
export function createEntriesCheck(report: Report): EntriesCheck {
  const tree = createImageTree()
  const { paths } = tree
  let root: TopFolder | undefined
  let first: (TopFolder & { readonly path: ByteString }) | undefined
  let registration: Uint8Array | undefined
  let isCut = false
  let previous = EMPTY

  function checkPlace(id: number, path: ByteString, entry: CheckedEntry): void {
    checkSecond(id, path, entry)
    const parent = parentOf(path)
    for (let at = paths.parent(id); at !== ROOT; at = paths.parent(at)) {
      const kind = tree.kind(at)
      const target = tree.target(at)
      if (target !== undefined) {
        // GNU tar makes links that lead out when all else is there, and has a file in their place until then.
        const link = paths.path(at)
        const leadsOut =
          target.startsWith('/') || hasDotDot(target) || !isFolder(normalizePath(joinPath(parentOf(link), target)))
        const message = `lies below the symlink ${shownQuoted(link)}: give it the path where it really is`
        report('through-symlink', message, { path, ...(leadsOut && { since: SYSTEMD_VERSIONS.oldest }) })
        return
      }
      if (kind !== 'directory' && kind !== 'implied' && kind !== 'nothing') {
        report('path', `lies below ${shownQuoted(paths.path(at))}, which is a ${kind}`, { path })
        return
      }
      tree.fill(at)
    }
    const isInside = parent === '' || parent === previous || previous.startsWith(`${parent}/`)
    if (!isInside && tree.kind(paths.parent(id)) !== 'implied') {
      report('order', `comes when its directory ${shownQuoted(parent)} was left already: sort entries depth first`, {
        path,
      })
    } else if (entry.type === 'directory' && tree.kind(id) === 'implied') {
      report('order', 'comes behind what lies in it: put directories first', { path })
    }
  }

  /** Whether a symlink to a path leads to a directory so far. */
  const isFolder = (path: ByteString) => ['implied', 'directory', 'symlink'].includes(tree.kind(paths.find(path)))

  /** Looks at what an entry replaces. */
  function checkSecond(id: number, path: ByteString, { type }: CheckedEntry): void {
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

  /** The symlink that a path lies below, if there is one, and where it leads through that. */
  function throughSymlink(path: ByteString): { readonly link: ByteString; readonly end: ByteString } | undefined {
    for (let at = paths.findFolder(path); at > ROOT; at = paths.parent(at)) {
      const target = tree.target(at)
      if (target === undefined) continue
      const link = paths.path(at)
      const isThere = isEntry(paths.find(path))
      const behind = byteString`${parentOf(link)}/${target}${path.slice(link.length)}`
      return { link, end: isThere ? path : normalizePath(behind) }
    }
    return undefined
  }

  const isEntry = (id: number) => !['nothing', 'implied'].includes(tree.kind(id))

  /** What a hard link leads to; {@link NONE} if it is nothing that can be linked. */
  function checkHardLink(path: ByteString, stored: ByteString): number {
    const target = normalizePath(stored)
    const through = fits(target) ? throughSymlink(target) : undefined
    const found = fits(target) ? paths.find(through?.end ?? target) : NONE
    if (hasDotDot(stored) || target === '' || stored.endsWith('/')) {
      report('hard-link', `leads to ${shownQuoted(stored)}: name the target by its path in the archive`, { path })
    } else if (!isEntry(found)) {
      report('hard-link', `leads to ${shownQuoted(target)}, of which there is no entry before it`, { path })
    } else if (tree.kind(found) === 'directory') {
      report('hard-link', `leads to the directory ${shownQuoted(target)}: only files can be linked`, { path })
    } else {
      if (through !== undefined) {
        report('hard-link', `leads to ${shownQuoted(target)}, through the symlink ${shownQuoted(through.link)}`, {
          path,
          since: 259,
        })
      }
      return found
    }
    return NONE
  }

  /** Puts an entry into the tree; whether there is room for it. */
  function keep(id: number, path: ByteString, entry: CheckedEntry): boolean {
    const linked = entry.type === 'hardlink' ? checkHardLink(path, entry.target ?? EMPTY) : NONE
    if (path === REGISTRATION_FILE) registration = entry.type === 'file' ? entry.contents : undefined
    if (linked === NONE) return tree.set(id, keptNode(path, entry))
    tree.link(id, linked)
    return true
  }

  return {
    tree,
    get isCut() {
      return isCut
    },
    get registration() {
      return registration
    },
    top: path => (path === '' ? root : first?.path === path ? first : undefined),
    add(entry) {
      const path = normalizePath(entry.path)
      checkEntry(entry, path, report)
      if (!fits(path) || hasDotDot(path)) return
      const { type, uid = 0, gid = 0 } = entry
      if (path === '') {
        if (type === 'directory') root = { mode: entry.mode, uid, gid }
        // What is called "." libarchive passes over.
        else report('path', `the root is a ${type}: it must be a directory`, entry.path === '.' ? { until: 258 } : {})
        return
      }
      if (type === 'directory' && !path.includes('/') && (first?.path ?? path) === path) {
        first = { path, mode: entry.mode, uid, gid }
      }
      const id = paths.add(path)
      if (id !== NONE) checkPlace(id, path, entry)
      if ((id === NONE || !keep(id, path, entry)) && !isCut) {
        isCut = true
        const message = `has more than ${PATHS_MAX} paths, or than ${NAMES_MAX} bytes of names: from here on, and for`
        report('limits', `${message} what is missing, nothing is checked`, { path })
      }
      previous = path
    },
    finish() {
      if (tree.isHeadLost) {
        const message = 'has more scripts than are kept: what is in some of them is taken to be right'
        report('limits', message, { severity: 'warning' })
      }
      for (let id = 1; id < paths.size; id++) {
        if (tree.kind(id) !== 'implied') continue
        const message = 'has no entry of its own, though something lies in it: add it in front of that'
        report('parents', message, { path: () => paths.path(id) })
      }
    },
  }
}

/** What the tree keeps of an entry. */
function keptNode(path: ByteString, entry: CheckedEntry): ImageNode {
  if (entry.type === 'symlink')
    return { type: 'symlink', target: entry.target.length <= PATH_MAX ? entry.target : EMPTY }
  if (entry.type !== 'file') return entry
  const { type, mode, contents } = entry
  if (contents === undefined || path === REGISTRATION_FILE) return { type, mode }
  if (isText(path)) return { type, mode, contents }
  const program = identifyProgram(contents.subarray(0, PROGRAM_HEAD))
  return { type, mode, ...(program.kind === 'script' ? { contents } : { program }) }
}

function parentOf(path: ByteString): ByteString {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}
