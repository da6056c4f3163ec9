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
import { PublishError } from './errors.ts'

/** The symlink to what is published now. */
export const LATEST = '.latest'

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

/** Throws `PublishError` IN_THE_WAY where a name that stays, or the name of a new file, is taken by something else. */
export async function refuseTakenNames(
  folder: string,
  staying: readonly string[],
  made: readonly string[],
): Promise<void> {
  const refuse = (path: string, what: string) =>
    new PublishError('IN_THE_WAY', path, `${path}: is in the way of ${what}; remove it or choose another folder`)
  for (const file of [LATEST, ...staying]) {
    const path = join(folder, file)
    const found = await lstat(path).catch(() => undefined)
    if (found === undefined || (file === LATEST ? found.isSymbolicLink() : await isOurs(folder, file))) continue
    throw refuse(path, 'a symlink to the newest version')
  }
  for (const file of made) {
    const path = join(folder, file)
    if (await isThere(path)) throw refuse(path, 'a file of the new version')
  }
}

/** Whether there is something of this name, be it a symlink that leads nowhere. */
export async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
