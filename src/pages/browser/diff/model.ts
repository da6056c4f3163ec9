/** The data of the page, and what the user has chosen to see of it. */
import { CHANGE_KINDS } from '../../change-kinds.ts'
import type { DiffData, PackageData } from '../../diff-data.ts'
import { byId } from '../elements.ts'

/** The data in the page. */
export const data: DiffData = JSON.parse(byId('data').textContent)

/** Which sizes are compared: of NARs, or in the file. */
export type Measure = 'Nar' | 'File'

/** The choices. */
export const state = {
  measure: 'Nar' as Measure,
  /** The only kind of change to show. */
  kind: undefined as number | undefined,
  /** In lower case. */
  search: '',
}

/** Whether a package is among those that are looked for. */
export function isWanted({ name, kind, oldVersions, newVersions }: PackageData): boolean {
  if (state.kind !== undefined && kind !== state.kind) return false
  return [name, ...oldVersions, ...newVersions].some(text => text.toLowerCase().includes(state.search))
}

/** By how many bytes a package grew. */
export function growthOf(change: PackageData, measure: Measure): number {
  return change[`new${measure}`] - change[`old${measure}`]
}

/** Where a link to a package leads. */
export function linkTo({ name }: PackageData): string {
  return `#${encodeURIComponent(name)}`
}

const packages = new Map(data.packages.map(change => [linkTo(change), change]))

/** The package that the address of the page names. */
export function selectedPackage(): PackageData | undefined {
  return packages.get(location.hash)
}

/** The versions that only one of the images has: `1.2 → 1.3`. */
export function formatVersions({ kind, oldVersions, newVersions }: PackageData): string {
  if (oldVersions.length + newVersions.length === 0) return kind === REBUILT ? 'the same' : ''
  return `${listVersions(oldVersions)} → ${listVersions(newVersions)}`
}

const REBUILT = CHANGE_KINDS.indexOf('rebuilt')

function listVersions(versions: readonly string[]): string {
  return versions.length === 0 ? '–' : versions.map(version => version || 'no version').join(', ')
}
