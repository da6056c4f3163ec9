import { anyObject, either, oneOf, wholeNumber } from '../arguments.ts'

/** The systemd versions that the rules know: what `since` and `until` are compared with. */
export const SYSTEMD_VERSIONS = { oldest: 252, newest: 262 } as const

/** Versions of systemd, from one to another. Plain data. */
export interface SystemdVersions {
  readonly oldest: number
  readonly newest: number
}

/** A version of systemd that the rules know. */
export type SystemdVersion = number | keyof typeof SYSTEMD_VERSIONS

/** Checks the type of a version; {@link versionsOf} says which ones are known. */
export const systemdVersion = either(
  value => typeof value === 'number',
  () => {},
  oneOf(Object.keys(SYSTEMD_VERSIONS)),
)

/** What a rule or a finding says of versions: absent for no bound. */
export interface VersionBounds {
  readonly since?: number
  readonly until?: number
}

/** The versions that an image has to fit: one, or all that are known. Throws `RangeError` for one that is not. */
export function versionsOf(systemd?: SystemdVersion): SystemdVersions {
  if (systemd === undefined) return SYSTEMD_VERSIONS
  const version = typeof systemd === 'number' ? systemd : SYSTEMD_VERSIONS[systemd]
  const { oldest, newest } = SYSTEMD_VERSIONS
  if (!Number.isInteger(version) || version < oldest || version > newest) {
    throw new RangeError(`systemd ${systemd} is not known: it has to be ${oldest} to ${newest}, "oldest" or "newest"`)
  }
  return { oldest: version, newest: version }
}

/** Whether a rule or a finding is about systemd of this version. */
export function concerns(bounds: VersionBounds, version: number): boolean {
  anyObject(bounds, 'bounds')
  wholeNumber(0)(version, 'version')
  return concernsAny(bounds, { oldest: version, newest: version })
}

/** Whether a rule or a finding is about any of some versions. */
export function concernsAny(
  { since = 0, until = Infinity }: VersionBounds,
  { oldest, newest }: SystemdVersions,
): boolean {
  return since <= newest && oldest <= until
}
