import { type ByteString, isAscii, textOfByteString } from '../bytes/index.ts'
import { type CheckedEntry, type CheckedNode, normalizePath } from './entry.ts'
import type { Report } from './findings.ts'
import { SYSTEMD_VERSIONS } from './rules.ts'

const NAME_MAX = 255
const PATH_MAX = 4095
/** systemd counts the root, too, to 128. */
const DEPTH_MAX = 127
/** IDs of a container; systemd-nspawn(1), `--private-users`. */
const IDS = 65_536

/** The tree that entries make, and what is wrong with each and with their order. */
export interface EntryRules {
  /** What is there so far, by path. Hard links are what they lead to. */
  readonly nodes: ReadonlyMap<ByteString, CheckedNode>
  /** Directories that something lies in, without an entry so far. */
  readonly implied: ReadonlySet<ByteString>
  /** The next entry of the archive. */
  add(entry: CheckedEntry): void
  /** To be called when there are no more. */
  finish(): void
}

/** Looks at entries in their order, one small record of each kept. */
export function createEntryRules(report: Report): EntryRules {
  const nodes = new Map<ByteString, CheckedNode>()
  const implied = new Set<ByteString>()
  let previous: ByteString = ''

  function checkPlace(path: ByteString, entry: CheckedEntry): void {
    const before = nodes.get(path)
    if (before !== undefined) {
      const isFolder = [before, entry].map(({ type }) => type === 'directory')
      if (isFolder[0] !== isFolder[1]) {
        report('duplicate', `a ${before.type} and a ${entry.type} at one path: leave one out`, { path })
      } else {
        const severity = isFolder[0] ? 'note' : 'warning'
        report('duplicate', 'comes twice: the second is what is unpacked', { path, severity })
      }
    }
    const parent = parentOf(path)
    for (let at = parent; at !== ''; at = parentOf(at)) {
      const node = nodes.get(at)
      if (node?.type === 'symlink') {
        // GNU tar makes links that lead out when all else is there, and has a file in their place until then.
        const leadsOut = node.target!.startsWith('/') || hasDotDot(node.target!)
        const message = `lies below the symlink ${text(at)}: give it the path where it really is`
        report('through-symlink', message, { path, ...(leadsOut && { since: SYSTEMD_VERSIONS.oldest }) })
        return
      }
      if (node !== undefined && node.type !== 'directory') {
        report('path', `lies below ${text(at)}, which is a ${node.type}`, { path })
        return
      }
      if (node === undefined) implied.add(at)
    }
    const isInside = parent === '' || parent === previous || previous.startsWith(`${parent}/`)
    if (!isInside && nodes.has(parent)) {
      report('order', `comes when its directory ${text(parent)} was left already: sort entries depth first`, { path })
    } else if (entry.type === 'directory' && implied.has(path)) {
      report('order', 'comes behind what lies in it: put directories first', { path })
    }
  }

  function checkHardLink(path: ByteString, stored: ByteString): CheckedNode | undefined {
    const target = normalizePath(stored)
    const node = nodes.get(target)
    if (hasDotDot(stored)) {
      report('hard-link', `leads to ${text(stored)}: name the target by its path in the archive`, { path })
    } else if (node === undefined) {
      report('hard-link', `leads to ${text(target)}, of which there is no entry before it`, { path })
    } else if (node.type === 'directory') {
      report('hard-link', `leads to the directory ${text(target)}: only files can be linked`, { path })
    } else {
      for (let at = parentOf(target); at !== ''; at = parentOf(at)) {
        if (nodes.get(at)?.type !== 'symlink') continue
        report('hard-link', `leads to ${text(target)}, through the symlink ${text(at)}`, { path, since: 259 })
      }
      return node
    }
    return undefined
  }

  return {
    nodes,
    implied,
    add(entry) {
      const path = normalizePath(entry.path)
      checkPath(entry.path, path, report)
      if (hasDotDot(path)) return
      checkOwner(entry, path, report)
      checkPax(entry.pax, path, report)
      if (path === '') {
        if (entry.type === 'directory') return
        report('path', `the root is a ${entry.type}: it must be a directory`)
        return
      }
      checkPlace(path, entry)
      checkType(entry, path, report)
      const { type, mode, target, head } = entry
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

function checkPath(stored: ByteString, path: ByteString, report: Report): void {
  if (hasDotDot(stored)) report('path', 'has a ".." in it: give it the path where it really is', { path: stored })
  if (stored.startsWith('/')) {
    const message = 'begins with "/", which importers cut off: leave it out'
    report('path', message, { path: stored, severity: 'warning' })
  }
  if (path.length > PATH_MAX) report('name-length', `a path of ${path.length} bytes, where ${PATH_MAX} fit`, { path })
  const names = path.split('/')
  if (names.length > DEPTH_MAX)
    report('depth', `lies ${names.length} levels deep, where ${DEPTH_MAX} are taken`, { path })
  if (path.length <= NAME_MAX) return
  for (const { length } of names) {
    if (length > NAME_MAX) report('name-length', `a name of ${length} bytes, where ${NAME_MAX} fit`, { path })
  }
}

function checkType({ type }: CheckedEntry, path: ByteString, report: Report): void {
  if (type === 'character-device' || type === 'block-device') {
    report('device-node', `a ${type}: leave it out, a container gets its devices from systemd-nspawn`, { path })
  } else if (type === 'other') {
    report('entry-type', 'has a type that is not known: importers may leave it out, or make a file of it', { path })
  }
}

function checkOwner({ uid, gid }: CheckedEntry, path: ByteString, report: Report): void {
  for (const [kind, id] of [
    ['user', uid],
    ['group', gid],
  ] as const) {
    if (id >= 0 && id < IDS) continue
    report('ids', `belongs to the ${kind} ${id}: a container has those up to ${IDS - 1}`, { path })
  }
}

function checkPax(pax: CheckedEntry['pax'], path: ByteString, report: Report): void {
  if (pax === undefined) return
  for (const name of ['path', 'linkpath']) {
    if (pax[name] === undefined || isAscii(pax[name])) continue
    report('non-ascii-pax', `has its ${name} in a pax record, with more than ASCII: use the GNU format`, { path })
  }
  for (const key of Object.keys(pax)) {
    if (key.startsWith('SCHILY.xattr.trusted.')) {
      const message = `has the attribute ${key.slice('SCHILY.xattr.'.length)}: leave it out`
      report('xattr', message, { path, since: 259 })
    } else if (key.startsWith('LIBARCHIVE.xattr.')) {
      const message = `has ${key}, which systemd up to 258 passes over: write it as SCHILY.xattr, too`
      report('xattr', message, { path, severity: 'note', until: 258 })
    }
  }
}

function hasDotDot(path: ByteString): boolean {
  return /(^|\/)\.\.(\/|$)/.test(path)
}

function parentOf(path: ByteString): ByteString {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')))
}

function text(path: ByteString): string {
  return JSON.stringify(textOfByteString(path))
}
