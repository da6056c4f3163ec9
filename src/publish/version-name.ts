/** Names of versions: each has to be newer than all before, or `systemd-sysupdate` and `pull` would not take it. */
import { compareSystemdVersions } from '../systemd/index.ts'
import { PublishError } from './errors.ts'
import type { Published } from './record.ts'

const VERSION = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/

/** Throws `PublishError` VERSION_INVALID for what cannot be part of a file name, or would be taken for more than a version. */
export function checkVersionName(version: string): void {
  if (VERSION.test(version) && !version.includes('.tar')) return
  const message =
    `${JSON.stringify(version)}: not the name of a version: give letters, digits, ".", "_", "+" and "-", ` +
    'with a letter or digit at its beginning, and without ".tar"'
  throw new PublishError('VERSION_INVALID', version, message)
}

/**
 * The name for a new version: the one that is asked for, or else the date in UTC with a number behind it if need be. Throws
 * `PublishError` VERSION_TAKEN or VERSION_OLDER where it is not newer than all before.
 */
export function nameVersion(asked: string | undefined, published: Published | undefined): string {
  const newest = published?.newest
  const name = asked ?? nextOfToday(newest)
  if (newest === undefined || compareSystemdVersions(name, newest) > 0) return name
  const isTaken =
    compareSystemdVersions(name, newest) === 0 || published?.versions.some(({ version }) => version === name)
  const why = isTaken
    ? 'was published before, and a version never changes'
    : `sorts before ${newest}, which was published before: nobody would update to it`
  const remedy = asked === undefined ? 'name the version (--version-name)' : 'choose another name'
  const message = `${name}: ${why}; ${remedy}, such as ${newest}.1`
  throw new PublishError(isTaken ? 'VERSION_TAKEN' : 'VERSION_OLDER', name, message)
}

/** `2026-11-25`, then `2026-11-25.2`, and so on. */
function nextOfToday(newest: string | undefined): string {
  const today = new Date().toISOString().slice(0, 10)
  if (newest === today) return `${today}.2`
  const [, count] = newest?.startsWith(`${today}.`) ? (/\.(\d{1,9})$/.exec(newest) ?? []) : []
  return count === undefined ? today : `${today}.${Number(count) + 1}`
}
