import type { Warning } from '../warning.ts'
import { PublishError } from './errors.ts'
import type { Published, PublishedImage, PublishedVersion } from './record.ts'
import { nameVersion } from './version-name.ts'

/** What the versions of a folder are to be. */
export interface NextVersions {
  /** The oldest first; the last is what names that stay lead to. */
  readonly versions: readonly PublishedVersion[]
  readonly latest: PublishedVersion
  /** Whether that is a new one. */
  readonly isNew: boolean
  /** Versions that go. */
  readonly removed: readonly PublishedVersion[]
  /** About the name of a new version. */
  readonly warnings: readonly Warning[]
}

/**
 * The versions after a publication of `images` as the version `asked`, of which at most `keep` stay. Images as they were make
 * no new one. Throws `PublishError` VERSION_TAKEN, VERSION_OLDER, NAME_AMBIGUOUS.
 */
export function nextVersions(
  published: Published | undefined,
  images: readonly PublishedImage[],
  asked: string | undefined,
  keep: number,
): NextVersions {
  const last = published?.versions.at(-1)
  const isUnchanged =
    last?.version === published?.newest &&
    (asked === undefined || asked === last?.version) &&
    JSON.stringify(last?.images) === JSON.stringify(images)
  const { version, warnings } = isUnchanged && last ? { ...last, warnings: [] } : nameVersion(asked, published)
  const latest = isUnchanged && last ? last : { version, images }
  const before = published?.versions.filter(one => one !== latest) ?? []
  const removed = before.slice(0, Math.max(0, before.length + 1 - keep))
  const versions = [...before.slice(removed.length), latest]
  checkUnambiguous(versions)
  return { versions, latest, isNew: !isUnchanged, removed, warnings }
}

/** `web_db_1.tar.xz` would be the version `1` of `web_db`, and the version `db_1` of `web`. */
function checkUnambiguous(versions: readonly PublishedVersion[]): void {
  const names = new Set(versions.flatMap(({ images }) => images.map(({ name }) => name)))
  for (const name of names) {
    const other = [...names].find(other => name.startsWith(`${other}_`))
    if (other === undefined) continue
    const message = `${name}: begins as a version of ${other} does, ${other}_VERSION; give it another name or folder`
    throw new PublishError('NAME_AMBIGUOUS', name, message)
  }
}
