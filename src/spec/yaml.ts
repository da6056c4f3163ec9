/**
 * YAML 1.2 (core schema) as declarations are written in it. Two things differ from what its parsers give: a `mode` is read
 * as it is written, since `0644` is the number 644 there; and every value can be found again in the text.
 */
import { Lexer, LineCounter, parseDocument, type YAMLError } from 'yaml'
import { shortened } from '../printable.ts'
import { invalidDeclaration, type Position, type SpecError } from './errors.ts'
import { notYaml, readYamlValue, TOO_DEEP, type YamlFault } from './yaml-value.ts'

/** A declaration's text, read. */
export interface YamlText {
  readonly value: unknown
  /** Where the value at a path stands, or the key that leads to it; what is not there is where it would be. */
  locate(path: readonly PropertyKey[], part?: 'key' | 'value'): Position
}

/** Characters of a declaration. Longer ones are no such thing, and a parser holds several times that. */
const TEXT_MAX = 16 * 1024 * 1024

/** Tokens of a declaration: those of some 100,000 files. A parser holds up to a kilobyte for each. */
const TOKENS_MAX = 3 * 1024 * 1024

/** Reads YAML. Throws `SpecError` DECLARATION_INVALID with everything that is wrong with it as YAML. */
export function parseYaml(text: string, file: string): YamlText {
  const tooLong = (message: string) =>
    invalidDeclaration([{ path: [], message, position: { file, line: 1, column: 1 } }])
  if (text.length > TEXT_MAX) {
    throw tooLong(`has ${text.length} characters, a declaration ${TEXT_MAX} at the most; name large files in it`)
  }
  if (hasMany(new Lexer().lex(text), TOKENS_MAX)) {
    throw tooLong(`has more than ${TOKENS_MAX} words and signs; name folders and files in it instead`)
  }
  const lines = new LineCounter()
  const positionAt = (offset: number): Position => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(1, line), column: Math.max(1, col) }
  }
  const refused = (faults: readonly YamlFault[]): SpecError =>
    invalidDeclaration(faults.map(({ message, offset }) => ({ path: [], message, position: positionAt(offset) })))
  const document = parse(text, lines)
  if (document === undefined) throw refused([{ message: notYaml(TOO_DEEP), offset: 0 }])
  const { value, faults, offsetOf } = readYamlValue(document)
  const syntax = [...document.errors, ...document.warnings].map(error => {
    return { message: messageOf(error), offset: error.pos[0] }
  })
  const all = [...syntax, ...faults]
  if (all.length > 0) throw refused(all)
  return {
    value: withoutEmpty(value),
    locate: (path, part = 'value') => positionAt(offsetOf(path, part)),
  }
}

/** What we say of an error of the parser: in our words where its own are about its functions and options. */
function messageOf({ code, message }: YAMLError): string {
  switch (code) {
    case 'RESOURCE_EXHAUSTION':
      return notYaml(TOO_DEEP)
    case 'MULTIPLE_DOCS':
      return 'a second document begins here, but a declaration is one; move the other to a file of its own'
    case 'NON_STRING_KEY':
      return 'give text for a key, not a list, a map or a value with a tag'
    default: {
      const tag = /^Unresolved tag: tag:yaml\.org,2002:(.*)$/s.exec(message)?.[1]
      if (tag === undefined) return notYaml(message)
      const advice = tag === 'binary' ? ', and name a file for bytes that are no text' : ''
      return `the tag !!${shortened(tag)} does not work here; leave it out${advice}`
    }
  }
}

/** Whether there are more than `most` items. */
function hasMany(items: Iterable<unknown>, most: number): boolean {
  let count = 0
  for (const _ of items) if (++count > most) return true
  return false
}

/** The options of the parser. */
const PARSER = {
  prettyErrors: false,
  stringKeys: true,
  // Whether keys come twice is looked at later: the parser would compare each with each.
  uniqueKeys: false,
  // Also below the directive %YAML 1.1, and without values of other types, such as the bytes of !!binary.
  schema: 'core',
  resolveKnownTags: false,
} as const

/** The document of a text; `undefined` if it is nested so deeply that the parser, which calls itself, runs out of stack. */
function parse(text: string, lineCounter: LineCounter): ReturnType<typeof parseDocument> | undefined {
  try {
    return parseDocument(text, { ...PARSER, lineCounter })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Leaves out the sections in which everything is commented out. */
function withoutEmpty(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).filter(([, section]) => section !== null))
}
