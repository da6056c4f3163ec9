import { type ByteString, EMPTY, joinPath } from '../bytes/index.ts'
import type { DirectoryNode, ImageNode } from './node.ts'

/** Finds the node at a path without `/` in front; `undefined` if there is none. It follows no symlinks. */
export type Lookup = (path: ByteString) => Promise<ImageNode | undefined>

/** Where a path leads inside an image. All paths are without `/` in front; the root is ''. */
export type Resolution = Found | NotFound

/** A path that leads somewhere. */
export interface Found extends Way {
  readonly node: ImageNode
  readonly problem?: undefined
}

/** A path that leads nowhere. */
interface NotFound extends Way {
  readonly node?: undefined
  /** `not-a-directory`: the folder of `path` is something else. */
  readonly problem: 'missing' | 'not-a-directory' | 'loop'
}

interface Way {
  /** Where it ends, or the path that stopped it. */
  readonly path: ByteString
  /** The symlinks on the way, each with its own path. */
  readonly links: readonly { readonly path: ByteString; readonly target: ByteString }[]
}

/** Symlinks that systemd follows on one path before it calls them a loop (`src/basic/chase.h`, CHASE_MAX). */
const CHASE_MAX = 32

/**
 * Bytes of all paths looked up for one path. Symlinks can make a path so long that no kernel finds it; the bound keeps the
 * time linear in their length.
 */
const WAY_MAX = 256 * 1024

const ROOT: { readonly path: ByteString; readonly node: DirectoryNode } = {
  path: EMPTY,
  node: { type: 'directory', mode: 0o755 },
}

/**
 * Follows a path through symlinks, as systemd does in a tree that is not yet a root: absolute targets and `..` stay inside.
 * More than `linksMax` symlinks are a loop.
 */
export async function resolvePath(lookup: Lookup, start: ByteString, linksMax = CHASE_MAX): Promise<Resolution> {
  // In reverse: the next name is the last.
  const names = start.split('/').reverse()
  const links: Way['links'][number][] = []
  const above: { readonly path: ByteString; readonly node: ImageNode }[] = []
  let at: (typeof above)[number] = ROOT
  let way = 0
  while (names.length > 0) {
    const name = names.pop()!
    if (name === '' || name === '.') continue
    const path = at.path === '' ? name : joinPath(at.path, name)
    if (at.node.type !== 'directory') return { path, problem: 'not-a-directory', links }
    if (name === '..') {
      at = above.pop() ?? ROOT
      continue
    }
    way += path.length
    const node = way <= WAY_MAX ? await lookup(path) : undefined
    if (node === undefined) return { path, problem: 'missing', links }
    if (node.type !== 'symlink') {
      above.push(at)
      at = { path, node }
      continue
    }
    const { target } = node
    way += target.length
    links.push({ path, target })
    if (links.length > linksMax) return { path, problem: 'loop', links }
    if (target.startsWith('/')) {
      above.length = 0
      at = ROOT
    }
    for (const part of target.split('/').reverse()) names.push(part)
  }
  return { ...at, links }
}

/** Whether something is at a path, even a symlink that leads nowhere. Symlinks on the way to its folder are followed. */
export async function isThere(lookup: Lookup, path: ByteString): Promise<boolean> {
  const slash = path.lastIndexOf('/')
  const folder = await resolvePath(lookup, path.slice(0, Math.max(0, slash)))
  const name = path.slice(slash + 1)
  return (
    folder.node?.type === 'directory' &&
    (await lookup(folder.path === '' ? name : joinPath(folder.path, name))) !== undefined
  )
}
