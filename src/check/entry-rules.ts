import { type ByteString, textOfByteString } from '../bytes/index.ts'
import { type CheckedEntry, type CheckedNode, normalizePath } from './entry.ts'
import type { Report } from './findings.ts'
import { checkEntry, hasDotDot } from './one-entry-rules.ts'
import { SYSTEMD_VERSIONS } from './versions.ts'

/** A directory that may become the root of a machine. */
export interface TopFolder {
  readonly mode: number
  readonly uid: number
  readonly gid: number
}

/** The tree that entries make, and what is wrong with each and with their order. */
export interface EntryRules {
  /** What is there so far, by path. Hard links are what they lead to. */
  readonly nodes: ReadonlyMap<ByteString, CheckedNode>
  /** Directories that something lies in, without an entry so far. */
  readonly implied: ReadonlySet<ByteString>
  /** The root, by '', and the directories in it, by their names. */
  readonly tops: ReadonlyMap<ByteString, TopFolder>
  /** The next entry of the archive. */
  add(entry: CheckedEntry): void
  /** To be called when there are no more. */
  finish(): void
}

/** Looks at entries in their order, one small record of each kept. */
export function createEntryRules(report: Report): EntryRules {
  const nodes = new Map<ByteString, CheckedNode>()
  const implied = new Set<ByteString>()
  const tops = new Map<ByteString, TopFolder>()
  /** Directories that something lies in. */
  const filled = new Set<ByteString>()
  let previous: ByteString = ''

  function checkPlace(path: ByteString, entry: CheckedEntry): void {
    checkSecond(path, entry)
    const parent = parentOf(path)
    for (let at = parent; at !== ''; at = parentOf(at)) {
      const node = nodes.get(at)
      if (node?.type === 'symlink') {
        // GNU tar makes links that lead out when all else is there, and has a file in their place until then.
        const target = node.target!
        const leadsOut =
          target.startsWith('/') || hasDotDot(target) || !isFolder(normalizePath(`${parentOf(at)}/${target}`))
        const message = `lies below the symlink ${text(at)}: give it the path where it really is`
        report('through-symlink', message, { path, ...(leadsOut && { since: SYSTEMD_VERSIONS.oldest }) })
        return
      }
      if (node !== undefined && node.type !== 'directory') {
        report('path', `lies below ${text(at)}, which is a ${node.type}`, { path })
        return
      }
      if (node === undefined) implied.add(at)
      filled.add(at)
    }
    const isInside = parent === '' || parent === previous || previous.startsWith(`${parent}/`)
    if (!isInside && nodes.has(parent)) {
      report('order', `comes when its directory ${text(parent)} was left already: sort entries depth first`, { path })
    } else if (entry.type === 'directory' && implied.has(path)) {
      report('order', 'comes behind what lies in it: put directories first', { path })
    }
  }

  /** Whether a symlink to a path leads to a directory so far. */
  const isFolder = (path: ByteString) =>
    implied.has(path) || ['directory', 'symlink'].includes(nodes.get(path)?.type ?? '')

  /** Looks at what an entry replaces. */
  function checkSecond(path: ByteString, { type }: CheckedEntry): void {
    const before = nodes.get(path) ?? (implied.has(path) ? { type: 'directory' } : undefined)
    if (before === undefined) return
    if (before.type === 'directory' && type === 'directory') {
      if (nodes.has(path)) report('duplicate', 'comes twice: the second is what counts', { path, severity: 'note' })
    } else if (before.type === 'directory' || type === 'directory') {
      // GNU tar removes what is in the way, if it is not a directory with something in it.
      const isFull = before.type === 'directory' && filled.has(path)
      const message = `a ${before.type} and a ${type} at one path: leave one out`
      report('duplicate', message, { path, ...(!isFull && { since: 259 }) })
    } else if (type === 'hardlink') {
      report('duplicate', 'comes again as a hard link: leave one out', { path, since: 259 })
    } else {
      report('duplicate', 'comes twice: the second is what is unpacked', { path, severity: 'warning' })
    }
  }

  /** The symlink that a path lies below, if there is one, and where it leads through that. */
  function throughSymlink(path: ByteString): { readonly link: ByteString; readonly end: ByteString } | undefined {
    for (let at = parentOf(path); at !== ''; at = parentOf(at)) {
      const node = nodes.get(at)
      if (node?.type !== 'symlink') continue
      return {
        link: at,
        end: nodes.has(path) ? path : normalizePath(`${parentOf(at)}/${node.target}${path.slice(at.length)}`),
      }
    }
    return undefined
  }

  function checkHardLink(path: ByteString, stored: ByteString): CheckedNode | undefined {
    const target = normalizePath(stored)
    const through = throughSymlink(target)
    const node = nodes.get(through?.end ?? target)
    if (hasDotDot(stored) || target === '' || stored.endsWith('/')) {
      report('hard-link', `leads to ${text(stored)}: name the target by its path in the archive`, { path })
    } else if (node === undefined) {
      report('hard-link', `leads to ${text(target)}, of which there is no entry before it`, { path })
    } else if (node.type === 'directory') {
      report('hard-link', `leads to the directory ${text(target)}: only files can be linked`, { path })
    } else {
      if (through !== undefined) {
        report('hard-link', `leads to ${text(target)}, through the symlink ${text(through.link)}`, { path, since: 259 })
      }
      return node
    }
    return undefined
  }

  return {
    nodes,
    implied,
    tops,
    add(entry) {
      const path = normalizePath(entry.path)
      checkEntry(entry, path, report)
      if (hasDotDot(path)) return
      const { type, mode, uid, gid, target, head } = entry
      if (type === 'directory' && !path.includes('/')) tops.set(path, { mode, uid, gid })
      if (path === '') {
        if (type === 'directory') return
        // What is called "." libarchive passes over.
        report('path', `the root is a ${type}: it must be a directory`, entry.path === '.' ? { until: 258 } : {})
        return
      }
      checkPlace(path, entry)
      const node = type === 'hardlink' ? checkHardLink(path, target ?? '') : undefined
      nodes.set(
        path,
        node ?? { type, mode, ...(type === 'symlink' && { target: target ?? '' }), ...(head && { head }) },
      )
      if (type === 'directory') implied.delete(path)
      previous = path
    },
    finish() {
      for (const path of [...implied].sort()) {
        if (nodes.has(path)) continue
        report('parents', 'has no entry of its own, though something lies in it: add it in front of that', { path })
      }
    },
  }
}

function parentOf(path: ByteString): ByteString {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function text(path: ByteString): string {
  return JSON.stringify(textOfByteString(path))
}
