/** Patterns for paths in an image, as a shell has them: `*` and `?` stand for characters of a name, `**` for any folders. */
import { matchesGlob } from 'node:path'
import { decodeText, encodeText, type ImageMember, OpenError, type OpenedImage } from '../open/index.ts'
import { printable } from '../printable.ts'

/** Characters that make a name a pattern. */
const PATTERN = /[*?[{]/

/** The entries that match a pattern, and on request those below them. */
export async function* findByPattern(
  image: OpenedImage,
  pattern: string,
  isRecursive: boolean,
): AsyncGenerator<ImageMember> {
  const names = pattern.split('/').filter(name => name !== '')
  const first = names.findIndex(name => PATTERN.test(name))
  if (first < 0) return
  const folder = await image.member(`/${names.slice(0, first).join('/')}`)
  if (folder?.type !== 'directory') return
  // The path of its entries: a symlink may lead to the folder.
  const base = decodeText(folder.path)
  const [name, ...rest] = names.slice(first)
  const full = [...(base === '' ? [] : [base]), name, ...rest].join('/')
  for (const below of placesOf(image, base, name)) {
    const top = await image.member(`/${below}`, { follow: false })
    const members = top?.type === 'directory' ? image.members({ below: `/${below}` }) : []
    for await (const member of top === undefined ? [] : concat(top, members)) {
      const path = decodeText(member.path)
      if (matchesGlob(path, full) || (isRecursive && matchesGlob(path, `${full}/**`))) yield member
    }
  }
}

/** The files, and folders with all in them, that can fit a pattern: `name` is that in `folder`. */
function placesOf({ manifest }: OpenedImage, folder: string, name: string): readonly string[] {
  if (folder !== 'nix/store' || name === '**' || !manifest) return [folder]
  // The manifest tells which store paths to look into, and the others need not be read.
  return manifest.storePaths.map(({ path }) => path.slice(1)).filter(path => matchesGlob(path, `${folder}/${name}`))
}

async function* concat<T>(first: T, others: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T> {
  yield first
  yield* others
}

/**
 * These paths, with patterns replaced by the paths that match: none twice, and none below a directory that is among them.
 * `file` is the image, for messages. Throws `OpenError` ENTRY_MISSING for a pattern that nothing fits.
 */
export async function expandPatterns(
  image: OpenedImage,
  file: string,
  paths: readonly string[],
): Promise<readonly string[]> {
  const expanded = new Set<string>()
  for (const path of paths) {
    // A name may have these characters, too.
    if (!PATTERN.test(path) || (await image.member(path, { follow: false }))) {
      expanded.add(path)
      continue
    }
    const found = new Set<string>()
    for await (const member of findByPattern(image, path, false)) {
      const name = decodeText(member.path)
      if (foldersOf(name).some(folder => found.has(folder))) continue
      if (encodeText(name) !== member.path) {
        const what = `has a name at ${path} that is not UTF-8, ${printable(name)}: give the directory that it is in`
        throw new OpenError('ENTRY_MISSING', file, what)
      }
      found.add(name)
    }
    if (found.size === 0) throw nothingAt(file, path)
    for (const name of found) expanded.add(`/${name}`)
  }
  return [...expanded]
}

/** The error for a path that an image does not have, or a pattern that nothing in it matches. */
export function nothingAt(file: string, path: string): OpenError {
  return new OpenError('ENTRY_MISSING', file, `has nothing at ${path}`)
}

/** The directories that a path lies in. */
function foldersOf(path: string): string[] {
  const names = path.split('/')
  return names.slice(1).map((_, i) => names.slice(0, i + 1).join('/'))
}
