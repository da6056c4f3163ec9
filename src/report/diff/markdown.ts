/**
 * The differences of two images as Markdown for a pull request (GitHub Flavored Markdown; GitLab and Forgejo show it alike). All
 * names and contents come from images: outside of code they are escaped, and inside of it nothing ends the code.
 */
import { printable, printableLines } from '../../printable.ts'
import { countKinds, signedBytes } from '../../units.ts'
import { describeAspect, describeState, WITHOUT_DIFF_NOTES } from './describe.ts'
import type { FileChange, ImageDiff, PackageChange } from './image-diff.ts'
import { type DiffSection, diffSections } from './sections.ts'

/**
 * Characters of a part that are shown: GitHub refuses a comment of more than 65,536, and there are six parts. Of one
 * difference of texts, some are shown.
 */
const PART_MAX = 9000
const DIFF_MAX = 4000

/**
 * Formats a difference as Markdown: a line that sums it up, a table of packages, and details folded away. What does not fit
 * into a comment of GitHub is left out, and the text says so.
 */
export function formatDiffMarkdown(diff: ImageDiff): string {
  const { versions, rebuilt, files } = diffSections(diff)
  if (diff.isSame) return '**Nothing differs.**\n'
  return [
    `${summaryOf(diff, files)}\n`,
    ...(versions.length > 0 ? [`\n${packageTable(versions)}`] : []),
    ...(rebuilt.length > 0 ? [folded(`Rebuilt in the same version (${rebuilt.length})`, packageTable(rebuilt))] : []),
    ...files.map(foldedSection),
  ].join('')
}

/** One line: what matters most first. */
function summaryOf({ packages, old, new: after }: ImageDiff, files: readonly DiffSection[]): string {
  const parts = [
    ...(packages.length === 0 ? [] : [`Packages: ${countKinds(packages)}`]),
    ...files.map(({ name, changes, onlyDigests, omitted }) => `${name}: ${changes.length + onlyDigests + omitted}`),
  ]
  const sizes = `image ${signedBytes(after.size - old.size)}, unpacked store ${signedBytes(after.narSize - old.narSize)}`
  return `**${parts.join('; ')}** (${sizes})`
}

function packageTable(packages: readonly PackageChange[]): string {
  const shown = (versions: readonly string[]) =>
    versions.length === 0 ? '–' : versions.map(version => (version === '' ? 'none' : code(version))).join(', ')
  const rows = packages.map(({ name, kind, oldVersions, newVersions, ...sizes }) => {
    const file =
      sizes.oldFileSize === undefined || sizes.newFileSize === undefined
        ? '–'
        : signedBytes(sizes.newFileSize - sizes.oldFileSize)
    const cells = [code(name), kind, shown(oldVersions), shown(newVersions)]
    return `| ${[...cells, signedBytes(sizes.newNarSize - sizes.oldNarSize), file].join(' | ')} |\n`
  })
  const head = '| package | change | old | new | unpacked | in the file |\n|---|---|---|---|--:|--:|\n'
  return head + fitting(rows, 'packages').text
}

function foldedSection({ title, changes, onlyDigests, omitted }: DiffSection): string {
  const { text, left } = fitting(changes.map(describe), 'files', omitted)
  const rest = onlyDigests > 0 ? `\n${onlyDigests} more differ only in the hashes of store paths.\n` : ''
  const count = changes.length + omitted
  return folded(`${title} (${left === 0 ? count : `${count}, ${count - left} shown`})`, text + rest)
}

function describe(change: FileChange): string {
  const { path, kind, diff, withoutDiff } = change
  const details = [...stateChanges(change), ...(withoutDiff === undefined ? [] : [WITHOUT_DIFF_NOTES[withoutDiff]])]
  const line = `\n- ${kind} ${code(path)}: ${details.join(', ')}\n`
  return diff === undefined ? line : `${line}\n${fenced(printableLines(shortenedDiff(diff)))}`
}

/** The first lines of a long difference, of which a last one may be cut off. */
function shortenedDiff(diff: string): string {
  if (diff.length <= DIFF_MAX) return diff
  const head = diff.slice(0, DIFF_MAX)
  return `${head.slice(0, Math.max(head.lastIndexOf('\n'), 0) || DIFF_MAX)}\n…`
}

function stateChanges({ kind, aspects, old, new: after }: FileChange): readonly string[] {
  if (kind !== 'changed' || old === undefined || after === undefined) return [describeState((after ?? old)!, code)]
  return aspects.map(aspect =>
    aspect === 'contents' ? signedBytes(after.size - old.size) : describeAspect(aspect, old, after, code),
  )
}

/** Text as code in a line, by elements of HTML: between backquotes, a table would still end at a `|`. */
function code(text: string): string {
  return `<code>${escapeHtml(printable(text))}</code>`
}

/** All that Markdown or HTML could take for its own becomes a reference, which is text and nothing else: links, too. */
function escapeHtml(text: string): string {
  const escaped = text.replace(/[^\p{L}\p{N} ./,+-]/gu, character => `&#${character.codePointAt(0)};`)
  return escaped.replace(/(?<=www)\./gi, '&#46;')
}

/** A block of code whose fence is longer than any run of backquotes in it. */
function fenced(text: string): string {
  const longest = Math.max(2, ...(text.match(/`+/g) ?? []).map(run => run.length))
  const fence = '`'.repeat(longest + 1)
  return `${fence}diff\n${text}\n${fence}\n`
}

function folded(summary: string, body: string): string {
  return `\n<details><summary>${summary}</summary>\n\n${body.trim()}\n\n</details>\n`
}

/** Those texts that fit into a part, and how many do not, besides those that were left out before. */
function fitting(
  texts: readonly string[],
  what: string,
  omitted = 0,
): { readonly text: string; readonly left: number } {
  let text = ''
  let left = omitted
  for (const each of texts) {
    if (text.length + each.length <= PART_MAX) text += each
    else left++
  }
  return { text: left === 0 ? text : `${text}\n${left} more ${what} are not shown.\n`, left }
}
