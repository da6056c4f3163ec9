/**
 * The folder that a web server serves:
 *
 *     web_2026-11-25.tar.xz, …    files of a version: image, settings, manifest; never changed
 *     web.tar.xz, …               symlinks to .latest/web.tar.xz, …: the newest version, under names that stay
 *     SHA256SUMS, …               symlinks to .latest/SHA256SUMS, …: all of the above, with signatures and transfers
 *     .latest                     symlink to .published-3
 *     .published-3/               what changes with a publication: see `state.ts`
 *     .published-2/               the one before, for clients that are reading it
 *
 * One rename of `.latest` changes all names at once, so a reader sees one publication or the other, and no mixture.
 */
import { lstat, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { withDescriptor } from '../descriptors.ts'
import { LATEST } from '../image-files.ts'
import { PublishError } from './errors.ts'

/** The folder of the publication of a number. They count up. */
export function stateName(number: number): string {
  return `.published-${number}`
}

/** The numbers of the publications in a folder, in ascending order. */
export async function stateNumbers(folder: string): Promise<number[]> {
  const names = await withDescriptor(() => readdir(folder))
  const numbers = names.map(name => Number(/^\.published-([1-9]\d{0,14})$/.exec(name)?.[1] ?? 0))
  return numbers.filter(Boolean).sort((a, b) => a - b)
}

/** A file of the image `image` under its name in a version: `web_1.tar.xz` for `web.tar.xz`. */
export function versionedName(image: string, version: string, file: string): string {
  return `${image}_${version}${file.slice(image.length)}`
}

/** Where a name that stays leads. */
export function linkTarget(file: string): string {
  return join(LATEST, file)
}

/** Whether a name is a symlink through `.latest`, as a publication makes them. */
export async function isOurs(folder: string, file: string): Promise<boolean> {
  const target = await readlink(join(folder, file)).catch(() => undefined)
  return target === linkTarget(file)
}

/** Throws `PublishError` IN_THE_WAY if something else has a lasting name, or the name of a new file; names all of them. */
export async function refuseTakenNames(
  folder: string,
  staying: readonly string[],
  made: readonly string[],
): Promise<void> {
  const links: string[] = []
  const files: string[] = []
  for (const file of [LATEST, ...staying]) {
    const found = await lstat(join(folder, file)).catch(() => undefined)
    if (found === undefined || (file === LATEST ? found.isSymbolicLink() : await isOurs(folder, file))) continue
    links.push(file)
  }
  for (const file of made) if (await isThere(join(folder, file))) files.push(file)
  const taken = [...links, ...files]
  if (taken.length === 0) return
  if (taken.length === 1) {
    const path = join(folder, taken[0] as string)
    const what = links.length > 0 ? 'a symlink to the newest version' : 'a file of the new version'
    const message = `${path}: is in the way of ${what}; remove it or choose another folder`
    throw new PublishError('IN_THE_WAY', path, message)
  }
  const whats = [
    ...(links.length > 0 ? ['symlinks to the newest version'] : []),
    ...(files.length > 0 ? ['files of the new version'] : []),
  ]
  const message = `${taken.join(', ')}: are in the way of ${whats.join(' and ')}; remove them or choose another folder`
  throw new PublishError('IN_THE_WAY', folder, `${folder}: ${message}`)
}

/** Whether there is something of this name, be it a symlink that leads nowhere. */
export async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
