import { type ByteString, decodeText } from '../bytes/index.ts'
import type { TreeEntry } from './entry.ts'
import { TreeConflictError } from './errors.ts'
import { comparePaths } from './order.ts'

/**
 * Makes one tree of entries that come from several owners: every parent directory is there, no path twice, in the order
 * of an archive. Entries that say exactly the same may come twice. Throws {@link TreeConflictError} otherwise.
 */
export function createTree(entries: Iterable<TreeEntry>): TreeEntry[] {
  const byPath = new Map<ByteString, TreeEntry>()
  for (const entry of entries) {
    const other = byPath.get(entry.path)
    if (other && !sameEntry(other, entry)) throw conflict(other, entry, describeClash(other, entry))
    if (!other) byPath.set(entry.path, entry)
  }
  for (const entry of [...byPath.values()]) addParents(byPath, entry)
  return [...byPath.values()].sort((a, b) => comparePaths(a.path, b.path))
}

function addParents(byPath: Map<ByteString, TreeEntry>, entry: TreeEntry): void {
  for (let slash = entry.path.lastIndexOf('/'); slash > 0; slash = entry.path.lastIndexOf('/', slash - 1)) {
    const path = entry.path.slice(0, slash)
    const parent = byPath.get(path)
    if (parent?.type === 'directory') return
    if (parent) throw conflict(parent, entry, `a ${parent.type}, where the other needs a directory`)
    byPath.set(path, { type: 'directory', path, mode: 0o755, origin: entry.origin })
  }
}

function sameEntry(a: TreeEntry, b: TreeEntry): boolean {
  if ((a.uid ?? 0) !== (b.uid ?? 0) || (a.gid ?? 0) !== (b.gid ?? 0)) return false
  if (a.type === 'symlink') return b.type === 'symlink' && a.target === b.target
  if (a.type !== b.type || a.mode !== (b as typeof a).mode) return false
  return a.type === 'directory' || Buffer.compare(a.contents, (b as typeof a).contents) === 0
}

function describeClash(a: TreeEntry, b: TreeEntry): string {
  return a.type === b.type ? `two ${a.type} entries that differ` : `a ${a.type} and a ${b.type} at one path`
}

function conflict(a: TreeEntry, b: TreeEntry, what: string): TreeConflictError {
  return new TreeConflictError(`/${decodeText(a.path)}`, [a.origin, b.origin], what)
}
