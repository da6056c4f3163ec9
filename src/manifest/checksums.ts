/**
 * `SHA256SUMS`, in the one form that `machinectl pull-tar` of every systemd version finds a file in:
 *
 *     line = 64 lower-case hex digits, "  ", file name, "\n"        the last newline must be there
 *
 * Lines are read in every spelling of coreutils (coreutils: src/digest.c, split_3):
 *
 *     line = { blank }, [ "\" ], ( hex digits, blank, ( " " | "*" ), name                GNU
 *                                | hex digits, blank, name                               BSD's `sha256 -r`
 *                                | "SHA256", [ " " ], "(", name, ")", { blank }, "=", { blank }, hex digits ), [ "\r" ]
 *
 * A "\" at the beginning says that "\\", "\n" and "\r" in the name are escapes.
 */
import { urlNameOf } from '../image-files.ts'
import type { ArtefactDigest } from './manifest.ts'

type Line = Pick<ArtefactDigest, 'file' | 'sha256'>

const SPELLING =
  /^[ \t]*(\\?)(?:(?<plain>[0-9a-fA-F]{64})[ \t](?<name>.+)|SHA256 ?\((?<tagged>.*)\)[ \t]*=[ \t]*(?<last>[0-9a-fA-F]{64}))$/s

/** The lines of a file of checksums about files in its folder, or below it. */
export function parseChecksums(text: string): Line[] {
  // Coreutils takes all lines as the first one: else BSD's "HEX  name" would be of " name", or GNU's of "name".
  let isReversed: boolean | undefined
  return text.split('\n').flatMap(line => {
    const [, mark, plain, name, tagged, last] = SPELLING.exec(line.replace(/\r$/, '')) ?? []
    let written = tagged
    if (name !== undefined) {
      const isMarked = /^[ *]./s.test(name)
      isReversed ??= !isMarked
      if (!isReversed && !isMarked) return []
      written = isReversed ? name : name.slice(1)
    }
    if (written === undefined) return []
    const file = fileOf(mark ? unescapeName(written) : written)
    return file === undefined ? [] : [{ sha256: (plain ?? last).toLowerCase(), file }]
  })
}

/**
 * The lines in which some version of `machinectl pull-tar` finds a file, if the digits are lower-case: 64 digits, a separator,
 * and the name as the URL has it (systemd: src/import/pull-common.c, verify_one). Up to 256, the separator has two characters.
 */
export function importedLinesOf(text: string, file: string): { readonly sum: string; readonly separator: string }[] {
  const listed = urlNameOf(file)
  return text.split('\n').flatMap(line => {
    const [, sum = '', separator = '', name] = /^([0-9a-fA-F]{64})( [ *]?)(.*)$/.exec(line) ?? []
    return name === listed ? [{ sum, separator }] : []
  })
}

/** The text for `artefacts`, together with the lines of other files. */
export function mergeChecksums(others: readonly Line[], artefacts: readonly Line[]): string {
  const digests = new Map([...others, ...artefacts].map(({ file, sha256 }) => [file, sha256]))
  const files = [...digests.keys()].sort()
  return files.map(file => formatLine(file, digests.get(file)!)).join('')
}

function formatLine(file: string, sha256: string): string {
  const escaped = file.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')
  return `${escaped === file ? '' : '\\'}${sha256}  ${escaped}\n`
}

/** The name for an escaped one; `undefined` for an escape that there is not. */
function unescapeName(name: string): string | undefined {
  if (!/^(?:[^\\]|\\[\\nr])*$/.test(name)) return undefined
  return name.replace(/\\(.)/g, (_, letter: string) => ({ n: '\n', r: '\r' })[letter] ?? letter)
}

/** One name for each file: `./a//b` is `a/b`. `undefined` for what may lie outside of the folder. */
function fileOf(name: string | undefined): string | undefined {
  if (name === undefined || name.startsWith('/') || name.includes('\0')) return undefined
  const parts = name.split('/').filter(part => part !== '' && part !== '.')
  return parts.length === 0 || parts.includes('..') ? undefined : parts.join('/')
}
