/**
 * The hash of a NAR's contents as git has them (git: Documentation/gitformat-pack.txt, object IDs; nix: src/libutil/git.cc).
 *
 *     ID     = hash of: ( "blob" | "tree" ) " " LENGTH "\0" CONTENTS        LENGTH in decimal
 *     blob   = the bytes of a file, or a symlink's target
 *     tree   = { MODE " " NAME "\0" ID }
 *     MODE   = 100644 | 100755 (executable) | 120000 (symlink) | 40000 (directory)
 *
 * The entries of a tree are in the bytewise order of their names, where that of a directory ends in `/`.
 */
import {
  type ByteString,
  byteString,
  compareByteStrings,
  concatBytes,
  EMPTY,
  encodeByteString,
  encodeText,
} from '../bytes/index.ts'
import { createHash, type Hash } from './crypto.ts'
import type { NarEvent } from './nar-reader.ts'

/** A hash in the making. */
export interface GitHash {
  /** Takes the next event of the NAR. */
  take(event: NarEvent): void
  /**
   * The ID of the root, once the NAR is complete. `undefined` for an executable file or a symlink: the mode of these stands
   * in the tree above, and there is none, so the ID is also that of a plain file.
   */
  digest(): Uint8Array | undefined
}

type Mode = '100644' | '100755' | '120000' | '40000'

interface Entry {
  readonly key: ByteString
  readonly line: Uint8Array
}

/** Begins to hash contents. It keeps the names and IDs of the directories that are open. */
export function createGitHash(algorithm: 'sha1' | 'sha256'): GitHash {
  const open: { entries: Entry[]; name: ByteString }[] = []
  let file: { hash: Hash; mode: Mode } | undefined
  let root: { mode: Mode; id: Uint8Array } | undefined

  const begin = (type: 'blob' | 'tree', size: number) => createHash(algorithm).update(`${type} ${size}\0`)
  const complete = (mode: Mode, hash: Hash) => {
    const id = hash.digest()
    const parent = open.at(-1)
    if (parent === undefined) {
      root = { mode, id }
      return
    }
    const { name, entries } = parent
    const line = concatBytes([encodeByteString(byteString`${encodeText(mode)} ${name}\0`), id])
    entries.push({ key: mode === '40000' ? byteString`${name}/` : name, line })
  }

  return {
    take(event) {
      switch (event.type) {
        case 'directory':
          open.push({ entries: [], name: EMPTY })
          break
        case 'entry':
          open.at(-1)!.name = event.name
          break
        case 'regular':
          file = { hash: begin('blob', event.size), mode: event.executable ? '100755' : '100644' }
          break
        case 'data':
          file!.hash.update(event.bytes)
          break
        case 'end-regular':
          complete(file!.mode, file!.hash)
          break
        case 'symlink':
          complete('120000', begin('blob', event.target.length).update(encodeByteString(event.target)))
          break
        case 'end-directory': {
          const { entries } = open.pop()!
          const lines = entries.sort((a, b) => compareByteStrings(a.key, b.key)).map(entry => entry.line)
          const tree = concatBytes(lines)
          complete('40000', begin('tree', tree.length).update(tree))
        }
      }
    },
    digest() {
      return root?.mode === '40000' || root?.mode === '100644' ? root.id : undefined
    },
  }
}
