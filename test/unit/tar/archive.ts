import { extract } from 'tar-stream'
import { encodeTarHeader, type TarEntry, tarEndSize, tarPadding } from '../../../src/tar/index.ts'

/** An entry with its contents. */
export interface ArchiveEntry {
  readonly entry: TarEntry
  readonly contents?: Uint8Array
}

/** A whole archive. */
export function archiveOf(entries: readonly ArchiveEntry[]): Buffer {
  const parts = entries.flatMap(({ entry, contents = new Uint8Array(0) }) => [
    encodeTarHeader({ ...entry, ...(entry.type === 'file' && { size: contents.length }) }),
    contents,
    new Uint8Array(tarPadding(contents.length)),
  ])
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  return Buffer.concat([...parts, new Uint8Array(tarEndSize(size))])
}

/** An entry as tar-stream reads it, an oracle that shares no code with ours. */
export interface ReadEntry {
  readonly path: string
  readonly type: string
  readonly linkname: string | undefined
  readonly mode: number | undefined
  readonly uid: number | undefined
  readonly gid: number | undefined
  readonly mtime: number
  readonly pax: Record<string, string>
  readonly contents: Buffer
}

/** Reads an archive with tar-stream, names as bytes. */
export async function readArchive(archive: Buffer): Promise<ReadEntry[]> {
  // The types do not know this option.
  const options: object = { filenameEncoding: 'latin1' }
  const reader = extract(options)
  reader.end(archive)
  const entries: ReadEntry[] = []
  for await (const entry of reader) {
    const chunks: Buffer[] = []
    for await (const chunk of entry) chunks.push(chunk as Buffer)
    const { name, type, linkname, mode, uid, gid, mtime, pax } = entry.header
    entries.push({
      path: name.replace(/\/$/, ''),
      type: type ?? '',
      linkname: linkname ?? undefined,
      ...{
        mode,
        uid,
        gid,
        mtime: (mtime?.getTime() ?? 0) / 1000,
        pax: (pax ?? {}) as Record<string, string>,
        contents: Buffer.concat(chunks),
      },
    })
  }
  return entries
}
