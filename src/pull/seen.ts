/**
 * What was published at a URL, as far as pulls have seen it: nobody who answers in place of the server can bring an old,
 * signed publication back. A publication is older than another one
 *
 * - if the newest version of the image that it lists is older,
 * - or, where no version tells, if its signature was made earlier,
 * - or if it was seen before the other one.
 */
import { join } from 'node:path'
import { DiskError, isOwn, readIfThere } from '../disk/index.ts'
import { compareSystemdVersions } from '../systemd/index.ts'
import { PullError } from './errors.ts'
import type { WorkFolder } from './work-folder.ts'

/** The age of a publication, as it states it. */
export interface PublicationAge {
  /** SHA-256 of what it says of the image: the same if nothing of that has changed. */
  readonly digest: string
  /** The newest version of the image that it lists. */
  readonly version?: string
  /** Seconds since the epoch at which it was signed, by the signature itself. */
  readonly signedAt?: number
  /** The key that signed. */
  readonly signedBy?: string
}

interface Seen extends PublicationAge {
  /** The digests of those before it, the oldest first. */
  readonly before: readonly string[]
}

const FILE = 'seen.json'

/** Publications that are remembered for each URL. */
const BEFORE_MAX = 1000

/**
 * Records what is published at `url` now. Throws `PullError` PULL_DOWNGRADE if it is older than what was, unless
 * `allowDowngrade`.
 */
export async function noteSeen(work: WorkFolder, url: string, now: PublicationAge, allowDowngrade: boolean) {
  const all = await readSeen(work)
  const last = Object.hasOwn(all, url) ? all[url] : undefined
  const isSame = last?.digest === now.digest
  // The same image may be published as a newer version, with another one beside it.
  if (isSame && compareSystemdVersions(now.version ?? '', last.version ?? '') <= 0) return
  const why = last && !isSame ? whyOlder(now, last) : undefined
  if (why !== undefined && !allowDowngrade) {
    throw new PullError(
      'PULL_DOWNGRADE',
      url,
      `what is published there is older than what was: ${why}; ask whoever publishes it, and give --allow-downgrade ` +
        'if it was taken back on purpose',
    )
  }
  // A version that was withdrawn on purpose may come again.
  const before = last ? [...last.before, last.digest].filter(digest => digest !== now.digest).slice(-BEFORE_MAX) : []
  await work.writeFile(FILE, `${JSON.stringify({ ...all, [url]: { ...now, before } }, null, 2)}\n`)
}

function whyOlder(now: PublicationAge, last: Seen): string | undefined {
  if (now.version !== undefined && last.version !== undefined) {
    const order = compareSystemdVersions(now.version, last.version)
    if (order > 0) return undefined
    if (order < 0) return `the newest version is ${now.version}, and was ${last.version}`
  } else if (last.version !== undefined) {
    return `no version is listed, and ${last.version} was`
  }
  if (last.before.includes(now.digest)) return 'it was replaced by another one since'
  if (now.signedAt !== undefined && last.signedAt !== undefined && now.signedAt < last.signedAt) {
    // Whoever answers in place of the server could have an old publication by the other key, so that is no reason to take it.
    const isSameKey = last.signedBy === undefined || last.signedBy === now.signedBy
    const other = `the other at ${timeOf(last)}${isSameKey ? '' : ' by another key'}`
    return `it was signed at ${timeOf(now)}, and ${other} (a signature by --sign-key has the time of its key)`
  }
  return undefined
}

function timeOf({ signedAt = 0 }: PublicationAge): string {
  return formatTime(new Date(signedAt * 1000))
}

/** A time to the second, as messages have it. */
export function formatTime(time: Date): string {
  return time.toISOString().replace(/\.\d+/, '')
}

async function readSeen(work: WorkFolder): Promise<Record<string, Seen>> {
  const bytes = await readIfThere(join(work.folder, FILE), isOwn)
  try {
    return JSON.parse(bytes?.toString() ?? '{}')
  } catch (cause) {
    // Only a disk that fails, or somebody by hand, can have done that: it must not open the way to an old publication.
    const path = join(work.folder, FILE)
    throw new DiskError(path, `${path}: is damaged, and tells what was pulled before; remove it`, { cause })
  }
}
