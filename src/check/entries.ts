/** What is wrong with entries among each other: the tree that they make, and their order. */
import { type ByteString, EMPTY } from '../bytes/index.ts'
import { REGISTRATION_FILE } from '../stored-paths.ts'
import { type ImageNode, NONE, PATH_MAX } from '../tree/index.ts'
import { normalizePath } from '../untar/index.ts'
import { type CheckedEntry, fits, isText, PROGRAM_HEAD } from './checked-entry.ts'
import { identifyProgram } from './elf.ts'
import type { Report } from './findings.ts'
import { checkHardLink } from './hard-links.ts'
import { createImageTree, type ImageTree } from './image-tree.ts'
import { NAMES_MAX, PATHS_MAX } from './limits.ts'
import { checkEntry, hasDotDot } from './one-entry.ts'
import { checkPlace } from './places.ts'

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

  /** Puts an entry into the tree; whether there is room for it. */
  function keep(id: number, path: ByteString, entry: CheckedEntry): boolean {
    const linked = entry.type === 'hardlink' ? checkHardLink(path, entry.target ?? EMPTY, tree, report) : NONE
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
      if (id !== NONE) checkPlace({ id, path, type, previous }, tree, report)
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
