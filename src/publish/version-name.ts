/** Names of versions: each has to be newer than all before, or `systemd-sysupdate` and `pull` would not take it. */
import { compareSystemdVersions } from '../systemd/index.ts'
import type { Warning } from '../warning.ts'
import { PublishError } from './errors.ts'
import type { Published, PublishedVersion } from './record.ts'

const VERSION = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/

/** Throws `PublishError` VERSION_INVALID for what cannot be part of a file name, or would be taken for more than a version. */
export function checkVersionName(version: string): void {
  if (VERSION.test(version) && !version.includes('.tar')) return
  const message =
    `${JSON.stringify(version)}: not the name of a version: give letters, digits, ".", "_", "+" and "-", ` +
    'with a letter or digit at its beginning, and without ".tar"'
  throw new PublishError('VERSION_INVALID', version, message)
}

/** The name of a new version. */
export interface VersionName {
  readonly version: string
  readonly warnings: readonly Warning[]
}

/**
 * The name for a new version: the one that is asked for, or else the date in UTC, with a number behind it if need be. If that is
 * not newer than all before, the name follows the newest. Throws `PublishError` VERSION_TAKEN or VERSION_OLDER if a name that is
 * asked for is not newer than all before.
 */
export function nameVersion(asked: string | undefined, published: Published | undefined): VersionName {
  const newest = published?.newest
  const today = new Date().toISOString().slice(0, 10)
  const version = asked ?? nextOfToday(today, newest)
  if (newest === undefined || compareSystemdVersions(version, newest) > 0) return { version, warnings: [] }
  const next = nextOf(newest, published?.versions ?? [])
  if (asked === undefined && VERSION.test(next)) {
    return { version: next, warnings: newest.startsWith(today) ? [] : [aheadWarning(next, newest, today)] }
  }
  const isTaken =
    compareSystemdVersions(version, newest) === 0 || published?.versions.some(one => one.version === version)
  const why = isTaken
    ? 'was published before, and a version never changes'
    : `sorts before ${newest}, which was published before: nobody would update to it`
  const remedy = asked === undefined ? 'choose another folder' : `choose another name, such as ${newest}.1`
  throw new PublishError(isTaken ? 'VERSION_TAKEN' : 'VERSION_OLDER', version, `${version}: ${why}; ${remedy}`)
}

/** `2026-11-25`, then `2026-11-25.2`, and so on. */
function nextOfToday(today: string, newest: string | undefined): string {
  if (newest === today) return `${today}.2`
  const [, count] = newest?.startsWith(`${today}.`) ? (/\.(\d{1,9})$/.exec(newest) ?? []) : []
  return count === undefined ? today : `${today}.${Number(count) + 1}`
}

/** `1.9.1` after `1.9`, and then `1.9.2`: names that grew each night would soon be too long. */
function nextOf(newest: string, versions: readonly PublishedVersion[]): string {
  const [, stem, count] = /^(.*)\.(\d{1,9})$/.exec(newest) ?? []
  const isCounted = /^\d{4}-\d\d-\d\d$/.test(stem ?? '') || versions.some(({ version }) => version === stem)
  return isCounted ? `${stem}.${Number(count) + 1}` : `${newest}.1`
}

function aheadWarning(version: string, newest: string, today: string): Warning {
  const remedy = 'if a clock was ahead, set it; name versions yourself (--version-name), or choose another folder'
  const message = `${version}: follows ${newest}, which is newer than the date of today, ${today}; ${remedy}`
  return { code: 'VERSION_AHEAD', path: version, message }
}
