/** `publication.json`, which lists the versions of a folder. Only publications of this user are trusted. */
import { join } from 'node:path'
import { isOwn, isTrusted, readIfThere, type Sharing } from '../disk/index.ts'
import { RECORD_FILE } from '../image-files.ts'
import { isVersion } from '../systemd/index.ts'
import { PublishError } from './errors.ts'
import { isThere, stateName, stateNumbers, versionedName } from './layout.ts'

/** An image of a version. */
export interface PublishedImage {
  readonly name: string
  /** Its files, under the names that stay. */
  readonly files: readonly { readonly file: string; readonly sha256: string }[]
}

/** Images that were published together. */
export interface PublishedVersion {
  readonly version: string
  readonly images: readonly PublishedImage[]
}

/** What a folder has. */
export interface Published {
  /** Of the last publication. */
  readonly number: number
  /** The newest version ever, be it that somebody has removed its files since. */
  readonly newest: string
  /** The versions whose files are all there, the oldest first. */
  readonly versions: readonly PublishedVersion[]
  /** Versions of which somebody has removed files. */
  readonly incomplete: readonly PublishedVersion[]
}

/** The text of {@link RECORD_FILE}. */
export function formatRecord(versions: readonly PublishedVersion[]): string {
  return `${JSON.stringify({ nspawnRootfsPublication: 1, versions }, null, 2)}\n`
}

/** The names of all files of a version. */
export function filesOfVersion({ version, images }: PublishedVersion): string[] {
  return images.flatMap(({ name, files }) => files.map(({ file }) => versionedName(name, version, file)))
}

/** What was published in `folder`; `undefined` if nothing was. Throws `PublishError` IN_THE_WAY, `DiskError`. */
export async function readPublished(folder: string, sharing: Sharing): Promise<Published | undefined> {
  const number = (await stateNumbers(folder)).at(-1)
  if (number === undefined) return undefined
  const path = join(folder, stateName(number), RECORD_FILE)
  // Where others may write, they may have put it there; and what it lists is signed.
  const contents = await readIfThere(path, sharing === 'private' ? isTrusted : isOwn)
  const versions = contents && parseRecord(contents.toString())
  const newest = versions?.at(-1)?.version
  if (!versions || newest === undefined) {
    const message = `${path}: lists the versions that were published, but is not as this user has written it`
    throw new PublishError('IN_THE_WAY', path, `${message}; choose another folder`)
  }
  const areThere = await Promise.all(versions.map(version => isComplete(folder, version)))
  return {
    number,
    newest,
    versions: versions.filter((_, i) => areThere[i]),
    incomplete: versions.filter((_, i) => !areThere[i]),
  }
}

async function isComplete(folder: string, version: PublishedVersion): Promise<boolean> {
  const found = await Promise.all(filesOfVersion(version).map(file => isThere(join(folder, file))))
  return found.every(Boolean)
}

function parseRecord(text: string): PublishedVersion[] | undefined {
  try {
    const { nspawnRootfsPublication, versions } = JSON.parse(text)
    return nspawnRootfsPublication === 1 && versions.every(isPublishedVersion) ? versions : undefined
  } catch {
    return undefined
  }
}

function isPublishedVersion({ version, images }: PublishedVersion): boolean {
  return (
    isVersion(version) &&
    images.every(({ name, files }) =>
      files.every(
        ({ file, sha256 }) => file.startsWith(`${name}.`) && !file.includes('/') && /^[0-9a-f]{64}$/.test(sha256),
      ),
    )
  )
}
