import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { encodeByteString } from '../src/bytes/index.ts'
import { latin1 } from './latin1.ts'
import type { Tree } from './unit/nix/nar-support.ts'

/** Makes a tree on disk. The path is bytes, as names need not be UTF-8; the children come in the order of the object. */
export function makeTree(path: Buffer, tree: Tree): void {
  if ('symlink' in tree) symlinkSync(Buffer.from(encodeByteString(latin1(tree.symlink))), path)
  else if ('contents' in tree) {
    writeFileSync(path, encodeByteString(latin1(tree.contents)))
    chmodSync(path, tree.executable ? 0o755 : 0o644)
  } else {
    mkdirSync(path)
    for (const [name, child] of Object.entries(tree.children)) makeTree(inside(path, name), child)
  }
}

/** The path of a name in a folder, both as bytes. */
export function inside(folder: Buffer, name: string): Buffer {
  return Buffer.concat([folder, Buffer.from('/'), encodeByteString(latin1(name))])
}
