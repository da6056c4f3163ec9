import type { FileChange, ImageDiff, PackageChange } from './image-diff.ts'

/** Files of one kind that differ, as they are shown. */
export interface DiffSection {
  readonly name: 'units' | 'configuration' | 'files' | 'settings'
  readonly title: string
  readonly changes: readonly FileChange[]
  /** How many more differ only in the digests of store paths, and how many are not listed. */
  readonly onlyDigests: number
  readonly omitted: number
}

/** A difference in the order in which it is shown. */
export interface DiffSections {
  /** Packages in other versions, and those that were rebuilt in the same one. */
  readonly versions: readonly PackageChange[]
  readonly rebuilt: readonly PackageChange[]
  /** Without those that have nothing. */
  readonly files: readonly DiffSection[]
}

/**
 * Sorts a difference for those who read it: what people changed comes before what follows from it. Files that differ only in
 * digests are counted, and so is the registration, if packages differ.
 */
export function diffSections(diff: ImageDiff): DiffSections {
  if (![diff?.packages, diff?.files?.changes, diff?.configuration?.changes].every(Array.isArray)) {
    throw new TypeError('diff: give what diffImages resolves to')
  }
  const { packages, files, configuration, settings } = diff
  const isUnit = ({ path }: FileChange) => path.startsWith('/etc/systemd/')
  const isImplied = ({ withoutDiff }: FileChange) => withoutDiff === 'registration' && packages.length > 0
  const section = (
    name: DiffSection['name'],
    title: string,
    changes: readonly FileChange[],
    omitted = 0,
  ): DiffSection => {
    const shown = changes.filter(change => !change.isOnlyDigests)
    return { name, title, changes: shown, onlyDigests: changes.length - shown.length, omitted }
  }
  return {
    versions: packages.filter(({ kind }) => kind !== 'rebuilt'),
    rebuilt: packages.filter(({ kind }) => kind === 'rebuilt'),
    files: [
      section('units', 'Units of the system', configuration.changes.filter(isUnit)),
      section(
        'configuration',
        'Configuration of the system',
        configuration.changes.filter(change => !isUnit(change)),
        configuration.omitted,
      ),
      section(
        'files',
        'Files outside of store paths',
        files.changes.filter(change => !isImplied(change)),
        files.omitted,
      ),
      section('settings', 'Settings of systemd-nspawn', settings ? [settings] : []),
    ].filter(({ changes, onlyDigests, omitted }) => changes.length + onlyDigests + omitted > 0),
  }
}
