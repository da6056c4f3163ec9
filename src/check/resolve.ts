import { type ByteString, EMPTY, joinPath } from '../bytes/index.ts'
import { type CheckedNode, normalizePath } from './entry.ts'
import { shown, shownPath } from './shown.ts'

/** Tells what stands at a path of an image; `undefined` for nothing. Symlinks are not followed. */
export type Lookup = (path: ByteString) => Promise<CheckedNode | undefined>

/** Where a path leads to inside an image. */
export interface Resolution {
  /** Where it ends, or where it cannot go on. */
  readonly path: ByteString
  /** What is there; `undefined` where nothing is. */
  readonly node: CheckedNode | undefined
  /** The symlinks on the way, as text for people: `from -> to`. */
  readonly links: readonly string[]
  /** Whether one of them is absolute. */
  readonly isAbsolute: boolean
  /** Whether there is no end of them. */
  readonly isLoop: boolean
}

/** Symlinks that are followed until it is a loop (systemd `src/basic/chase.c`, CHASE_MAX). */
const LINKS_MAX = 32
/** Bytes of all the paths looked up on the way: a way that links make longer leads to nothing that a kernel finds. */
const WAY_MAX = 256 * 1024

/**
 * Follows `start` through symlinks, as systemd does with a tree that is not yet a root: absolute targets and `..` stay
 * inside.
 */
export async function resolvePath(lookup: Lookup, start: ByteString): Promise<Resolution> {
  // In reverse: the next name is the last.
  const names = normalizePath(start).split('/').reverse()
  let way = 0
  const links: string[] = []
  let isAbsolute = false
  let at = EMPTY
  let node: CheckedNode | undefined = { type: 'directory', mode: 0o755 }
  while (names.length > 0) {
    const name = names.pop()!
    if (name === '' || name === '.') continue
    if (name === '..') {
      way += at.length
      at = at.slice(0, Math.max(0, at.lastIndexOf('/')))
      node = await (at === '' ? { type: 'directory', mode: 0o755 } : lookup(at))
      continue
    }
    const path = at === '' ? name : joinPath(at, name)
    way += path.length
    node = node?.type === 'directory' && way <= WAY_MAX ? await lookup(path) : undefined
    if (node?.type !== 'symlink') {
      at = path
      if (node === undefined) break
      continue
    }
    const { target = EMPTY }: CheckedNode = node
    way += target.length
    links.push(`${shownPath(path)} -> ${shown(target)}`)
    if (links.length > LINKS_MAX) return { path, node: undefined, links: links.slice(0, 3), isAbsolute, isLoop: true }
    for (const part of target.split('/').reverse()) names.push(part)
    if (target.startsWith('/')) {
      isAbsolute = true
      at = EMPTY
    }
    node = { type: 'directory', mode: 0o755 }
  }
  return { path: at, node, links, isAbsolute, isLoop: false }
}

/** Whether there is anything at a path, be it a symlink that leads to nothing. Symlinks to its folder are followed. */
export async function isThere(lookup: Lookup, path: ByteString): Promise<boolean> {
  const slash = path.lastIndexOf('/')
  const folder = await resolvePath(lookup, path.slice(0, Math.max(0, slash)))
  const name = path.slice(slash + 1)
  return (
    folder.node?.type === 'directory' &&
    (await lookup(folder.path === '' ? name : joinPath(folder.path, name))) !== undefined
  )
}
