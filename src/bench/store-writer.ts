import { createHash } from 'node:crypto'
import { chmodSync, closeSync, fchmodSync, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs'
import { encodeText } from '../bytes/index.ts'
import { createNarWriter, type NarHash, type NarWriter, narHashFromBytes } from '../nix/index.ts'
import type { ContentsMaker, FileContents } from './contents.ts'
import { type Directory, sortedChildren, type TreeNode } from './package-tree.ts'

/** What a Nix database says of a tree. */
export interface WrittenTree {
  readonly narHash: NarHash
  readonly narSize: number
}

/** Writes a tree to `path`, with the modes Nix gives it, and hashes it on the way. Throws what the system throws. */
export function writeTree(path: string, tree: Directory, maker: ContentsMaker): WrittenTree {
  const hash = createHash('sha256')
  let narSize = 0
  const nar = createNarWriter(bytes => {
    hash.update(bytes)
    narSize += bytes.length
  })
  writeNode(path, tree, { nar, maker })
  nar.end()
  return { narHash: narHashFromBytes(hash.digest()), narSize }
}

interface Writers {
  readonly nar: NarWriter
  readonly maker: ContentsMaker
}

function writeNode(path: string, node: TreeNode, writers: Writers): void {
  const { nar } = writers
  if (node.type === 'directory') writeDirectory(path, node, writers)
  else if (node.type === 'symlink') {
    nar.symlink(encodeText(node.target))
    symlinkSync(node.target, path)
  } else {
    const bytes = bytesOf(node.contents, writers.maker)
    nar.regular(node.executable, bytes.length)
    nar.data(bytes)
    writeFile(path, bytes, node.executable ? 0o555 : 0o444)
  }
}

function writeDirectory(path: string, directory: Directory, writers: Writers): void {
  const { nar } = writers
  mkdirSync(path)
  nar.directory()
  for (const [name, child] of sortedChildren(directory)) {
    nar.entry(encodeText(name))
    writeNode(`${path}/${name}`, child, writers)
  }
  nar.endDirectory()
  chmodSync(path, 0o555)
}

function bytesOf(contents: FileContents | string, maker: ContentsMaker): Uint8Array {
  return typeof contents === 'string' ? Buffer.from(contents, 'latin1') : maker.make(contents)
}

function writeFile(path: string, bytes: Uint8Array, mode: number): void {
  const file = openSync(path, 'wx')
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
    // Given to `openSync` it would be less, where the umask forbids others to read.
    fchmodSync(file, mode)
  } finally {
    closeSync(file)
  }
}
