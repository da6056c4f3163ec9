/** What is wrong with an entry by itself, wherever it stands. */
import { type ByteString, isAscii } from '../bytes/index.ts'
import { NAME_MAX, PATH_MAX } from '../tree/index.ts'
import { checkAttributes } from './attributes.ts'
import { type CheckedEntry, depthOf } from './checked-entry.ts'
import type { Report } from './findings.ts'
import { DEPTH_MAX } from './limits.ts'

/** IDs of a container; systemd-nspawn(1), `--private-users`. */
const IDS = 65_536
/** IDs of a kernel; the last one stands for none. */
const KERNEL_IDS = 2 ** 32

/** Looks at an entry; `path` is where it is unpacked. */
export function checkEntry(entry: CheckedEntry, path: ByteString, report: Report): void {
  if (entry.path.length > PATH_MAX) {
    report('name-length', `a path of ${entry.path.length} bytes, where ${PATH_MAX} fit`, { path })
    return
  }
  checkPath(entry.path, path, report)
  if (hasDotDot(path)) return
  checkOwner(entry, path, report)
  checkNames(entry, path, report)
  checkAttributes(entry, path, report)
  checkType(entry, path, report)
}

/** Whether a path has a `..` in it. */
export function hasDotDot(path: ByteString): boolean {
  return /(^|\/)\.\.(\/|$)/.test(path)
}

function checkPath(stored: ByteString, path: ByteString, report: Report): void {
  if (hasDotDot(stored)) report('path', 'has a ".." in it: give it the path where it really is', { path: stored })
  if (stored.startsWith('/')) {
    const message = 'begins with "/", which importers cut off: leave it out'
    report('path', message, { path: stored, severity: 'warning' })
  }
  if (path.length < 2 * DEPTH_MAX) return
  const depth = depthOf(path)
  if (depth > DEPTH_MAX) {
    report('depth', `lies ${depth} levels deep, where ${DEPTH_MAX} are taken`, { path })
    // Older importers take it. They boot what lies above it, too.
    report('limits', `lies ${depth} levels deep, and is not looked at`, { path, severity: 'warning', until: 258 })
  }
  for (const { length } of path.split('/')) {
    if (length > NAME_MAX) report('name-length', `a name of ${length} bytes, where ${NAME_MAX} fit`, { path })
  }
}

function checkType(entry: CheckedEntry, path: ByteString, report: Report): void {
  const { type } = entry
  if (type === 'character-device' || type === 'block-device') {
    report('device-node', `a ${type}: leave it out, a container gets its devices from systemd-nspawn`, { path })
  } else if (type === 'other') {
    const message = 'has a type that is not known: importers make a file of it'
    report('entry-type', message, { path, severity: 'warning' })
  } else if (type === 'symlink') {
    const { length } = entry.target
    if (length > 0 && length <= PATH_MAX) return
    report('symlink', length === 0 ? 'leads to no path at all' : `leads to a path of ${length} bytes`, { path })
  } else if (type === 'file' && /(^|\/)\.wh\.[^/]*$/.test(path)) {
    const message = 'is a whiteout of a container layer, and becomes a file: put the layers together first'
    report('whiteout', message, { path })
  }
}

function checkOwner({ uid = 0, gid = 0 }: CheckedEntry, path: ByteString, report: Report): void {
  for (const [kind, id] of [
    ['user', uid],
    ['group', gid],
  ] as const) {
    if (id >= 0 && id < IDS) continue
    const message = `belongs to the ${kind} ${id}: a container has those up to ${IDS - 1}`
    report('ids', message, { path, severity: 'warning' })
    if (id < 0 || id >= KERNEL_IDS)
      report('ids', `belongs to the ${kind} ${id}, which tar refuses`, { path, until: 258 })
  }
}

function checkNames({ pax }: CheckedEntry, path: ByteString, report: Report): void {
  for (const name of ['path', 'linkpath']) {
    if (pax?.[name] === undefined || isAscii(pax[name])) continue
    report('non-ascii-pax', `has its ${name} in a pax record, with more than ASCII: use the GNU format`, { path })
  }
}
