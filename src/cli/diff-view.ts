/** The differences of two images as text for people. */
import {
  type DiffSection,
  describeFileChange,
  diffSections,
  type FileChange,
  type ImageDiff,
  type PackageChange,
} from '../report/index.ts'
import { countKinds, formatBytes, signedBytes } from '../units.ts'
import type { Line, Styled } from './print.ts'

const LETTERS = { added: 'A', removed: 'D', changed: 'M' } as const

/** The lines that show a difference; one that says so if there is none. */
export function diffLines(diff: ImageDiff): readonly Line[] {
  if (diff.isSame) return ['Nothing differs.']
  const { versions, rebuilt, files } = diffSections(diff)
  const packages = packageLines(diff, [...versions, ...rebuilt])
  return [...packages, ...files.flatMap(sectionLines)].slice(packages.length > 0 ? 0 : 1)
}

function packageLines({ old, new: after }: ImageDiff, packages: readonly PackageChange[]): readonly Line[] {
  if (packages.length === 0) return []
  const rows = packages.map(change => [change.name, formatVersions(change), formatSizes(change)])
  const widths = [0, 1].map(column => rows.reduce((most, row) => Math.max(most, row[column]!.length), 0))
  return [
    `Packages: ${countKinds(packages)}; store paths ${old.storePaths} → ${after.storePaths}, ` +
      `${formatBytes(old.narSize)} → ${formatBytes(after.narSize)} (${signedBytes(after.narSize - old.narSize)})`,
    ...rows.map(
      ([name, versions, sizes]) => `  ${name!.padEnd(widths[0]!)}  ${versions!.padEnd(widths[1]!)}  ${sizes}`,
    ),
  ]
}

function formatVersions({ kind, oldVersions, newVersions }: PackageChange): string {
  if (kind === 'rebuilt') return 'rebuilt'
  const shown = (versions: readonly string[]) =>
    versions.length === 0 ? '∅' : versions.map(version => version || 'ε').join(', ')
  return `${shown(oldVersions)} → ${shown(newVersions)}`
}

function formatSizes({ oldNarSize, newNarSize, oldFileSize, newFileSize }: PackageChange): string {
  const unpacked = signedBytes(newNarSize - oldNarSize)
  if (oldFileSize === undefined || newFileSize === undefined) return unpacked
  return `${unpacked} (${signedBytes(newFileSize - oldFileSize)} in the file)`
}

function sectionLines({ title, changes, onlyDigests, omitted }: DiffSection): readonly Line[] {
  return [
    '',
    `${title}:`,
    ...changes.flatMap(fileLines),
    ...(onlyDigests > 0 ? [`  ${onlyDigests} more differ only in the hashes of store paths`] : []),
    ...(omitted > 0 ? [`  ${omitted} more are not listed`] : []),
  ]
}

function fileLines(change: FileChange): readonly Line[] {
  const { path, kind, diff } = change
  const lines = diff === undefined ? [] : diff.split('\n')
  return [`  ${LETTERS[kind]} ${path}  ${describeFileChange(change)}`, ...lines.map(line => ['    ', diffLine(line)])]
}

function diffLine(text: string): string | Styled {
  const style = text.startsWith('+')
    ? 'green'
    : text.startsWith('-')
      ? 'red'
      : text.startsWith('@')
        ? 'cyan'
        : undefined
  return style === undefined ? text : { style, text }
}
