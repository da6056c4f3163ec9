import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { type ByteString, encodeByteString } from '../src/bytes/index.ts'
import type { Tree } from './unit/nix/nar-support.ts'

/** Makes a tree on disk. The path is bytes, as names need not be UTF-8; the children come in the order of the object. */
export function makeTree(path: Buffer, tree: Tree): void {
  if ('symlink' in tree) symlinkSync(Buffer.from(encodeByteString(tree.symlink)), path)
  else if ('contents' in tree) {
    writeFileSync(path, encodeByteString(tree.contents))
    chmodSync(path, tree.executable ? 0o755 : 0o644)
  } else {
    mkdirSync(path)
    for (const [name, child] of Object.entries(tree.children)) makeTree(inside(path, name), child)
  }
}

/** The path of a name in a folder, both as bytes. */
export function inside(folder: Buffer, name: ByteString): Buffer {
  return Buffer.concat([folder, Buffer.from('/'), encodeByteString(name)])
}
