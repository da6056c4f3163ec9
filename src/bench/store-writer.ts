import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { encodeText } from '../bytes/index.ts'
import { createNarWriter, type NarHash, type NarWriter, narHashFromBytes } from '../nix/index.ts'

/** A directory by its names, a link by its target, or a file. */
export type TreeNode = Directory | string | TreeFile

export type Directory = Map<string, TreeNode>

export interface TreeFile {
  readonly isExecutable: boolean
  /** The bytes, read when they are written. */
  read(): Buffer
}

/** Adds a node at a path, with the directories it needs. Throws where there is a node that is in the way. */
export function addNode(root: Directory, path: readonly string[], node: TreeNode): void {
  let parent = root
  for (const name of path.slice(0, -1)) {
    const child = parent.get(name) ?? new Map()
    if (!(child instanceof Map)) throw new Error(`${name}: is no directory`)
    parent.set(name, child)
    parent = child
  }
  const name = path.at(-1)!
  if (parent.has(name)) throw new Error(`${path.join('/')}: two nodes have this path`)
  parent.set(name, node)
}

/** Writes a tree to `path`, with the modes that Nix gives it, and returns what a Nix database says of it. */
export function writeTree(path: string, tree: Directory): { readonly narHash: NarHash; readonly narSize: number } {
  const hash = createHash('sha256')
  let narSize = 0
  const nar = createNarWriter(bytes => {
    hash.update(bytes)
    narSize += bytes.length
  })
  writeNode(path, tree, nar)
  nar.end()
  return { narHash: narHashFromBytes(hash.digest()), narSize }
}

function writeNode(path: string, node: TreeNode, nar: NarWriter): void {
  if (node instanceof Map) {
    mkdirSync(path)
    nar.directory()
    for (const [name, child] of sortedChildren(node)) {
      nar.entry(encodeText(name))
      writeNode(`${path}/${name}`, child, nar)
    }
    nar.endDirectory()
    chmodSync(path, 0o555)
  } else if (typeof node === 'string') {
    nar.symlink(encodeText(node))
    symlinkSync(node, path)
  } else {
    const bytes = node.read()
    nar.regular(node.isExecutable, bytes.length)
    nar.data(bytes)
    writeFileSync(path, bytes, { flag: 'wx' })
    // As a mode of the file that is opened, it would be subject to the umask.
    chmodSync(path, node.isExecutable ? 0o555 : 0o444)
  }
}

/** The names of a directory in the order of a NAR: they are ASCII, so that of `<`. */
export function sortedChildren(directory: Directory): [string, TreeNode][] {
  return [...directory].sort(([a], [b]) => (a < b ? -1 : 1))
}
