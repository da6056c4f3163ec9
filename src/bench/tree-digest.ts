import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { extract } from 'tar-stream'

/** The tree in a tar. */
export interface TarTree {
  /** SHA-256 over the sorted entries below nix/store: names, kinds, link targets and contents. Not over owners or times. */
  readonly digest: string
  /** How many there are. */
  readonly entries: number
  /** The text of nix-path-registration, where there is one. */
  readonly registration: string | undefined
}

/** Reads a tar, whoever wrote it. Rejects for other data. */
export async function readTarTree(file: string): Promise<TarTree> {
  const lines = new Map<string, string>()
  let registration: string | undefined
  const reader = extract()
  const reading = (async () => {
    for await (const entry of reader) {
      const { name, type, linkname } = entry.header
      const path = name.replace(/^\.\//, '').replace(/\/$/, '')
      const hash = createHash('sha256')
      const text: Buffer[] = []
      for await (const chunk of entry as AsyncIterable<Buffer>) {
        hash.update(chunk)
        if (path === 'nix-path-registration') text.push(chunk)
      }
      if (path === 'nix-path-registration') registration = Buffer.concat(text).toString()
      if (!/^nix\/store\/./.test(path)) continue
      // A hard link is a file like the one that it names.
      const target = linkname?.replace(/^\.\//, '') ?? ''
      const content = type === 'file' || type === 'contiguous-file' ? `file ${hash.digest('hex')}` : `${type} ${target}`
      lines.set(path, type === 'link' ? (lines.get(target) ?? content) : content)
    }
  })()
  await Promise.all([pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), reader), reading])
  const hash = createHash('sha256')
  for (const path of [...lines.keys()].sort()) hash.update(`${path}\0${lines.get(path)}\0`)
  return { digest: hash.digest('hex'), entries: lines.size, registration }
}
