/**
 * Unit files, and what has their syntax, such as `.nspawn` files (systemd.syntax(7); `config_parse` in systemd's
 * `src/shared/conf-parser.c`). Space around anything is passed over.
 *
 *     file     = { section | assignment | comment | "" }
 *     section  = "[" NAME "]"
 *     assignment = KEY "=" VALUE     a line that ends in "\" goes on in the next, with a space for the "\" and the newline
 *     comment  = ("#" | ";") ...     between the lines of an assignment, too; the next line does not belong to it
 *
 * Stricter than systemd, which passes over, with a warning, an assignment outside of a section and a line without "=".
 */
import { SystemdError } from './errors.ts'

/** A line `KEY=VALUE`. A key may come several times; what that means, and an empty value, is up to the key. */
export interface Assignment {
  readonly section: string
  readonly key: string
  readonly value: string
  /** Where it begins, counted from 1. */
  readonly line: number
}

/**
 * The assignments of a unit file in their order; `file` is what messages call it, `example` a section that it may have. Lines of
 * sections `X-…`, which are other programs' own, may be anything. Throws `SystemdError` UNIT_INVALID with `line`.
 */
export function parseUnitFile(text: string, file = 'unit file', example = '[Unit]'): Assignment[] {
  const assignments: Assignment[] = []
  let section: string | undefined
  for (const { line, content } of logicalLines(text)) {
    const invalid = (reason: string) => {
      const message = `${file} line ${line}, ${JSON.stringify(content.slice(0, 80))}: ${reason}`
      return new SystemdError('UNIT_INVALID', message, line)
    }
    if (content.includes('\0')) throw invalid('it holds a NUL byte; a unit file is text')
    if (content === '') continue
    if (content.startsWith('[')) {
      if (!content.endsWith(']')) throw invalid('the name of a section must end with "]"')
      section = content.slice(1, -1)
      continue
    }
    if (section === undefined) throw invalid(`it is in no section; put a line such as ${example} before it`)
    const equals = content.indexOf('=')
    if (equals > 0) {
      const [key, value] = [content.slice(0, equals), content.slice(equals + 1)].map(strip)
      assignments.push({ section, key, value, line })
    } else if (!section.startsWith('X-')) {
      throw invalid('it is not of the form KEY=VALUE')
    }
  }
  return assignments
}

/** The same for a file that is not the image's own: no assignments if systemd would pass over part of it. */
export function readUnitFile(text: string): Assignment[] {
  try {
    return parseUnitFile(text)
  } catch (error) {
    if (error instanceof SystemdError) return []
    throw error
  }
}

/**
 * The words of a value, where a word may be in quotes, whole or in part; a backslash is nothing special. `where` is what
 * messages call the value. Throws `SystemdError` UNIT_INVALID.
 */
export function splitWords(value: string, where: string): string[] {
  const words: string[] = []
  const rest = value.replace(/(?:[^ \t'"]|'[^']*'|"[^"]*")+/g, word => {
    words.push(word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'))
    return ''
  })
  if (strip(rest) === '') return words
  throw new SystemdError('UNIT_INVALID', `${where}: ${JSON.stringify(value.slice(0, 80))}: a quote is not closed`)
}

/**
 * The words of a value that a shell would read the same way, as nixpkgs quotes them: a backslash outside of quotes takes
 * the next character as it is. A quote that is not closed ends with the value.
 */
export function readWords(value: string): string[] {
  const words = value.match(/(?:[^ \t'"\\]|\\.|'[^']*'?|"[^"]*"?)+/g) ?? []
  return words.map(word => word.replace(/\\(.)|'([^']*)'?|"([^"]*)"?/g, '$1$2$3'))
}

/** Lines without comments, those that belong together as one. */
function* logicalLines(text: string): Generator<{ line: number; content: string }> {
  let joined = ''
  let first = 0
  for (const [index, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r\n?|\n\r?/)
    .entries()) {
    if (/^[ \t]*[#;]/.test(line)) continue
    first ||= index + 1
    if (isContinued(line)) {
      joined += `${line.slice(0, -1)} `
      continue
    }
    yield { line: first, content: strip(joined + line) }
    joined = ''
    first = 0
  }
  if (first > 0) yield { line: first, content: strip(joined) }
}

/** Whether a line ends in a backslash that no other one before it makes a plain one. */
function isContinued(line: string): boolean {
  let start = line.length
  while (line[start - 1] === '\\') start--
  return (line.length - start) % 2 === 1
}

/** Without the space around it. That of other scripts, which `trim` removes as well, is part of a value. */
function strip(text: string): string {
  return text.replace(/^[ \t]+/, '').replace(/(?<![ \t])[ \t]+$/, '')
}
