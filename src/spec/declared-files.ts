/** Reads the files that a declaration names. Modes become 0644 or 0755 and owners 0: a checkout preserves nothing else. */
import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { withDescriptor } from '../descriptors.ts'
import type { ImageEntry } from '../plan/index.ts'
import { isExecutable } from '../tree/index.ts'

/** Something that a declaration names and that cannot be read as asked; the message says why. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError'
}

/** The contents of a file. Throws {@link UnreadableError}. */
export async function readContents(file: string): Promise<Uint8Array> {
  try {
    // Reading a pipe would wait for its writer.
    if (!(await stat(file)).isFile()) throw new UnreadableError(`${file} is not a file`)
    return new Uint8Array(await withDescriptor(() => readFile(file)))
  } catch (error) {
    throw unreadable(file, error)
  }
}

/**
 * Everything in a folder, as entries below `target` (`/etc`, or `/` for the root of the image), in the order of their
 * names. Symlinks are taken as such. Throws {@link UnreadableError} for what is neither file, folder nor symlink.
 */
export async function readFolder(folder: string, target: string): Promise<ImageEntry[]> {
  try {
    if (!(await stat(folder)).isDirectory()) throw new UnreadableError(`${folder} is not a folder`)
    return await entriesIn(folder, target === '/' ? '' : target)
  } catch (error) {
    throw unreadable(folder, error)
  }
}

async function entriesIn(folder: string, target: string): Promise<ImageEntry[]> {
  const found = await withDescriptor(() => readdir(folder, { withFileTypes: true, encoding: 'buffer' }))
  const entries: ImageEntry[] = []
  for (const item of found.sort((a, b) => Buffer.compare(a.name, b.name))) {
    const { text: name, isUtf8 } = decodeUtf8(item.name)
    const file = join(folder, name)
    if (!isUtf8) throw new UnreadableError(`${file} has a name that is not UTF-8; rename it`)
    const path = `${target}/${name}`
    if (item.isSymbolicLink()) {
      const { text, isUtf8 } = decodeUtf8(await readlink(file, 'buffer'))
      if (!isUtf8) throw new UnreadableError(`${file} is a symlink to ${text}, which is not UTF-8; change it`)
      entries.push({ type: 'symlink', path, target: text })
    } else if (item.isDirectory()) {
      entries.push({ type: 'directory', path }, ...(await entriesIn(file, path)))
    } else if (item.isFile()) {
      const mode = isExecutable((await stat(file)).mode) ? 0o755 : 0o644
      entries.push({ type: 'file', path, mode, contents: new Uint8Array(await withDescriptor(() => readFile(file))) })
    } else {
      throw new UnreadableError(`${file} is neither file, folder nor symlink; remove it`)
    }
  }
  return entries
}

/** Bytes as text. If they are not UTF-8, the text has other bytes, and is only for people to read. */
function decodeUtf8(bytes: Buffer): { text: string; isUtf8: boolean } {
  const text = bytes.toString('utf8')
  return { text, isUtf8: Buffer.from(text).equals(bytes) }
}

function unreadable(path: string, error: unknown): UnreadableError {
  if (error instanceof UnreadableError) return error
  const { code, message } = error as NodeJS.ErrnoException
  const reasons: Record<string, string> = {
    ENOENT: 'is not there',
    EACCES: 'may not be read',
    ERR_FS_FILE_TOO_LARGE: 'is larger than 2 GiB, and would be held in memory',
  }
  const why = reasons[code ?? ''] ?? `cannot be read (${code ?? message})`
  return new UnreadableError(`${JSON.stringify(path).slice(1, -1)} ${why}`, { cause: error })
}
