/** What is wrong with hard links. */
import { type ByteString, byteString } from '../bytes/index.ts'
import { NONE, ROOT } from '../tree/index.ts'
import { normalizePath } from '../untar/index.ts'
import { fits } from './checked-entry.ts'
import type { Report } from './findings.ts'
import type { ImageTree } from './image-tree.ts'
import { hasDotDot } from './one-entry.ts'
import { parentOf } from './places.ts'
import { shownQuoted } from './shown.ts'

/** What the hard link at `path` leads to, by its number in the tree; {@link NONE} if it is nothing that can be linked. */
export function checkHardLink(path: ByteString, stored: ByteString, tree: ImageTree, report: Report): number {
  const target = normalizePath(stored)
  const through = fits(target) ? throughSymlink(target, tree) : undefined
  const found = fits(target) ? tree.paths.find(through?.end ?? target) : NONE
  if (hasDotDot(stored) || target === '' || stored.endsWith('/')) {
    report('hard-link', `leads to ${shownQuoted(stored)}: name the target by its path in the archive`, { path })
  } else if (!tree.isEntry(found)) {
    report('hard-link', `leads to ${shownQuoted(target)}, of which there is no entry before it`, { path })
  } else if (tree.kind(found) === 'directory') {
    report('hard-link', `leads to the directory ${shownQuoted(target)}: only files can be linked`, { path })
  } else {
    if (through !== undefined) {
      const message = `leads to ${shownQuoted(target)}, through the symlink ${shownQuoted(through.link)}`
      report('hard-link', message, { path, since: 259 })
    }
    return found
  }
  return NONE
}

/** The symlink that a path lies below, if there is one, and where it leads through that. */
function throughSymlink(path: ByteString, { paths, isEntry, target: targetOf }: ImageTree) {
  for (let at = paths.findFolder(path); at > ROOT; at = paths.parent(at)) {
    const target = targetOf(at)
    if (target === undefined) continue
    const link = paths.path(at)
    const behind = byteString`${parentOf(link)}/${target}${path.slice(link.length)}`
    return { link, end: isEntry(paths.find(path)) ? path : normalizePath(behind) }
  }
  return undefined
}
