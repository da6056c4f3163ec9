/**
 * The folder that a web server serves:
 *
 *     2026-11-25/         a version: images, settings, manifests, SHA256SUMS with its signatures, version.json; never changed
 *     latest              symlink to the newest version
 *     NAME.tar.xz, …      symlinks to latest/NAME.tar.xz, …: names that stay
 *     .published-versions names of all versions that were ever there
 *
 * One rename of `latest` turns all names over at once, so whoever reads sees one version or the other and no mixture.
 */
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { PublishError } from './errors.ts'

/** The symlink to the newest version. */
export const LATEST = 'latest'

/** The file that says which version a folder is. */
export const VERSION_FILE = 'version.json'

/** A version in a folder. */
export interface PublishedVersion {
  readonly name: string
  /** Counts up with every version, so that the order is known whatever their names. */
  readonly number: number
}

/** The versions in a folder, the oldest first. */
export async function readVersions(folder: string): Promise<PublishedVersion[]> {
  const versions: PublishedVersion[] = []
  for (const name of await readdir(folder)) {
    if (name.startsWith('.') || name === LATEST) continue
    const text = await readFile(join(folder, name, VERSION_FILE), 'utf8').catch(() => undefined)
    const number = text === undefined ? undefined : parseVersion(text)
    if (number !== undefined) versions.push({ name, number })
  }
  return versions.sort((a, b) => a.number - b.number || (a.name < b.name ? -1 : 1))
}

/** The text of {@link VERSION_FILE}. */
export function formatVersion(number: number): string {
  return `${JSON.stringify({ nspawnRootfsVersion: number })}\n`
}

function parseVersion(text: string): number | undefined {
  try {
    const { nspawnRootfsVersion: number } = JSON.parse(text) as { nspawnRootfsVersion?: unknown }
    return Number.isSafeInteger(number) ? (number as number) : undefined
  } catch {
    return undefined
  }
}

/** The name of the version that `latest` points to, `undefined` if there is none. */
export async function readLatest(folder: string): Promise<string | undefined> {
  return readlink(join(folder, LATEST)).catch(() => undefined)
}

/** Throws `PublishError` IN_THE_WAY where a name that is to lead to a version is taken by something else. */
export async function checkNames(folder: string, files: readonly string[]): Promise<void> {
  for (const file of [LATEST, ...files]) {
    const path = join(folder, file)
    const found = await lstat(path).catch(() => undefined)
    if (found === undefined || (file === LATEST ? found.isSymbolicLink() : await isOurs(folder, file))) continue
    const message = `${path}: is in the way of a symlink to the newest version; remove it or choose another folder`
    throw new PublishError('IN_THE_WAY', path, message)
  }
}

/** Whether a name is a symlink through `latest`, as a publication makes them. */
export async function isOurs(folder: string, file: string): Promise<boolean> {
  const target = await readlink(join(folder, file)).catch(() => undefined)
  return target === join(LATEST, file)
}

/** Whether there is something of this name, be it a symlink that leads nowhere. */
export async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  )
}
