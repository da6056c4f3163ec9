import type { TarEntry } from '../tar/index.ts'
import { tarEndSize, tarEntrySize, tarHeaderSize, writeTarHeader } from '../tar/index.ts'
import type { TreeEntry } from '../tree/index.ts'

/**
 * The tar bytes of entries that are no store path, in their order. With `end` they finish an archive in whose front
 * `end.offset` bytes stand.
 */
export function packTree(entries: readonly TreeEntry[], end?: { offset: number }): Uint8Array<ArrayBuffer> {
  const headers = entries.map(tarEntryOf)
  const size = headers.reduce((sum, header) => sum + tarEntrySize(header), 0)
  const bytes = new Uint8Array(size + (end ? tarEndSize(end.offset + size) : 0))
  let at = 0
  entries.forEach((entry, i) => {
    const header = headers[i]
    writeTarHeader(bytes, at, header)
    if (entry.type === 'file') bytes.set(entry.contents, at + tarHeaderSize(header))
    at += tarEntrySize(header)
  })
  return bytes
}

function tarEntryOf(entry: TreeEntry): TarEntry {
  const { path, uid, gid } = entry
  switch (entry.type) {
    case 'directory':
      return { type: 'directory', path, uid, gid, mode: entry.mode }
    case 'file':
      return { type: 'file', path, uid, gid, mode: entry.mode, size: entry.contents.length }
    case 'symlink':
      return { type: 'symlink', path, uid, gid, mode: 0o777, linkname: entry.target }
  }
}
