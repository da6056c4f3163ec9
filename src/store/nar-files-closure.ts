import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Access, createAccess, type NarFile, NarFileError, openNarFile, readNarFile } from '../nar-file/index.ts'
import { narHashFromBytes, parseStorePath, type StorePath } from '../nix/index.ts'
import type { Closure } from './closure.ts'
import { createMentions, type DigestIndex, indexDigests } from './mentions.ts'
import { narClosure, type PackedPath } from './nar-closure.ts'

/** How the names of NAR files end, and what that means; of a file that has a mark, the mark counts. */
const ENDINGS: readonly (readonly [ending: string, compression: string])[] = [
  ['.xz', 'xz'],
  ['.zst', 'zstd'],
  ['.gz', 'gzip'],
  ['.br', 'br'],
  ['.bz2', 'bzip2'],
  ['.lz4', 'lz4'],
  ['.lzma', 'lzma'],
  ['.lz', 'lzip'],
  ['.lzip', 'lzip'],
  ['.Z', 'compress'],
]

/**
 * Store paths whose NARs lie in `files`, by store path, compressed as the names of the files say. Their references are found as Nix finds
 * them in what it has built: by the digests of the paths, wherever they stand. Throws `NarFileError`.
 */
export async function narFilesClosure(
  storeDir: string,
  files: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Promise<Closure> {
  const paths = Object.keys(files).map(path => parseStorePath(path, storeDir))
  const access = createAccess({}, signal)
  try {
    const index = indexDigests(paths)
    const packed: PackedPath[] = []
    for (const [i, file] of Object.values(files).entries()) packed.push(await examine(access, paths[i], file, index))
    return narClosure(storeDir, packed, { access: {}, cacheUrls: [] }, signal)
  } finally {
    await access.close()
  }
}

/** Reads a NAR for its hash, its length, and which paths of `index` it mentions. */
async function examine(access: Access, path: StorePath, name: string, index: DigestIndex): Promise<PackedPath> {
  const url = pathToFileURL(resolve(name)).href
  const compression = ENDINGS.find(([ending]) => name.endsWith(ending))?.[1] ?? 'none'
  const file: NarFile = { url, compression }
  const subject = { path, narSize: undefined }
  const bytes = await openNarFile(access, file, subject)
  if (!bytes) throw new NarFileError('NAR_FILE_MISSING', path.path, url, 'no such file')
  const hash = createHash('sha256')
  const mentioned = createMentions(index)
  let narSize = 0
  for await (const chunk of readNarFile(file, subject, bytes)) {
    hash.update(chunk)
    mentioned.look(chunk)
    narSize += chunk.length
  }
  const info = { path, narHash: narHashFromBytes(hash.digest()), narSize, references: mentioned.found() }
  return { info, file }
}
