/**
 * The netrc file, as curl reads it (curl: lib/netrc.c, docs/cmdline-opts/netrc.md):
 *
 *     file    = { entry | macro }
 *     entry   = ( "machine" HOST | "default" ) { "login" USER | "password" SECRET | "account" NAME }
 *     macro   = "macdef" NAME, and all lines up to an empty one
 *
 * Words are separated by blanks and line ends. A word in double quotes may hold blanks, and \n, \r, \t or \ before any
 * other character for itself; it ends on its line. A # where a word would begin starts a comment.
 */
import { HttpError } from '../http-error.ts'
import { hostOf } from './addresses.ts'
import { type Authorizer, basicAuthorization } from './authorization.ts'

interface Entry {
  /** `undefined`: any host. */
  readonly host: string | undefined
  login?: string
  password?: string
}

interface Word {
  readonly text: string
  /** Where it begins. */
  readonly at: number
}

/**
 * The Basic Authorization for a URL by a netrc file: the first entry that is for its host, whatever its port and scheme.
 * A password alone is sent with an empty user. A `default` entry is for every host that no entry above it names, which
 * includes those that redirects lead to: so curl has it, and who writes such an entry asks for it.
 *
 * Throws `HttpError` NETRC_INVALID.
 */
export function parseNetrc(text: string): Authorizer {
  const entries = parseEntries(text)
  return url => {
    const host = hostOf(url)
    const entry = entries.find(entry => entry.host === undefined || entry.host === host)
    return entry && basicAuthorization(entry.login ?? '', entry.password ?? '')
  }
}

function parseEntries(text: string): Entry[] {
  const entries: Entry[] = []
  const reader = openReader(text)
  const readValue = ({ text: keyword, at }: Word) => {
    const value = reader.next()
    if (value) return value.text
    throw invalid(text, at, `nothing follows ${keyword}`)
  }
  for (let word = reader.next(); word; word = reader.next()) {
    const keyword = word.text.toLowerCase()
    if (keyword === 'machine') entries.push({ host: readValue(word).toLowerCase() })
    else if (keyword === 'default') entries.push({ host: undefined })
    else if (keyword === 'macdef') reader.skipMacro()
    else if (keyword === 'login' || keyword === 'password' || keyword === 'account') {
      const value = readValue(word)
      const entry = entries.at(-1)
      if (!entry) throw invalid(text, word.at, `${keyword} comes before any machine`)
      if (keyword !== 'account') entry[keyword] = value
    } else {
      // Not quoted: it may be a part of a password.
      throw invalid(text, word.at, 'expected machine, default, login, password, account or macdef')
    }
  }
  return entries.filter(({ login, password }) => login !== undefined || password !== undefined)
}

const SPACE = /(?:\s|#[^\n]*)*/y
const PLAIN = /[^\s"]\S*/y
const QUOTED = /"((?:[^"\\\n]|\\[^\n])*)"/y
const MACRO = /(?:[^\n]*\S[^\n]*(?:\n|$))*/y
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' }

function openReader(text: string) {
  let at = 0
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match) at = pattern.lastIndex
    return match
  }
  return {
    next(): Word | undefined {
      take(SPACE)
      const start = at
      if (start === text.length) return undefined
      const plain = take(PLAIN)
      if (plain) return { text: plain[0], at: start }
      const quoted = take(QUOTED)
      if (!quoted) throw invalid(text, start, 'the word in quotes does not end on its line')
      return { text: quoted[1]!.replace(/\\(.)/g, (_, c: string) => ESCAPES[c] ?? c), at: start }
    },
    /** Goes to the next line that is empty. */
    skipMacro(): void {
      take(MACRO)
    },
  }
}

function invalid(text: string, at: number, problem: string): HttpError {
  const line = text.slice(0, at).split('\n').length
  return new HttpError('NETRC_INVALID', `netrc, line ${line}: ${problem}; correct the file`, { line })
}
