/** What changes in a folder when all names are led to a version: prepared beside it, and then done as one change. */
import { readdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { attempt, type Change } from '../disk/index.ts'
import { stageUsedNames, USED_NAMES_FILE } from './used-names.ts'
import { isOurs, LATEST, readLatest, readVersions, VERSION_FILE } from './versions.ts'

/** A version that all names are to lead to. */
export interface TurnOver {
  readonly version: string
  /** What the names stand for that stay. */
  readonly files: readonly string[]
  /** Whether the version lies in the scratch folder still. */
  readonly isNew: boolean
  /** How many versions are to be left; all if `undefined`. */
  readonly keep: number | undefined
}

/** Puts into `scratch` what is to get a name in `folder`, and resolves to the change, and the versions that go with it. */
export async function stageTurnOver(
  folder: string,
  scratch: string,
  { version, files, isNew, keep }: TurnOver,
): Promise<{ readonly change: Change; readonly removed: readonly string[] }> {
  const present = (await readVersions(folder)).map(({ name }) => name)
  const versions = isNew ? [...present, version] : present
  const removed = keep === undefined ? [] : versions.slice(0, Math.max(0, versions.length - keep))
  const pruned = removed.filter(name => name !== version)
  const names = isNew ? [version] : []
  if (await stageUsedNames(folder, versions, scratch)) names.push(USED_NAMES_FILE)
  if ((await readLatest(folder)) !== version) {
    await attempt(join(folder, LATEST), () => symlink(version, join(scratch, LATEST)))
    names.push(LATEST)
  }
  const standing = [...files].sort()
  for (const file of standing) {
    if (await isOurs(folder, file)) continue
    await attempt(join(folder, file), () => symlink(join(LATEST, file), join(scratch, file)))
    names.push(file)
  }
  const outdated: string[] = []
  for (const file of await readdir(folder)) {
    if (!standing.includes(file) && (await isOurs(folder, file))) outdated.push(file)
  }
  return { change: { files: names, outdated: [...outdated, ...pruned] }, removed: pruned }
}

/** The files of a version that names stand for. */
export async function filesOf(version: string): Promise<string[]> {
  return (await readdir(version)).filter(file => file !== VERSION_FILE)
}
