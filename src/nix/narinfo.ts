/**
 * The record of a store path in a binary cache: the file `<digest>.narinfo` (nix: src/libstore/nar-info.cc).
 *
 *     narinfo = { NAME ": " VALUE nl }
 *
 *     StorePath    the whole path                             References   base names, a space between two; default none
 *     URL          where the NAR is                           Deriver      a base name, or unknown-deriver for none
 *     Compression  of the file there; default bzip2           Sig          key-name:base64; any number of these lines
 *     FileHash     of the file there; optional                CA           the content address; empty for none
 *     FileSize     its length in bytes; optional              others       are passed over
 *     NarHash      SHA-256 of the NAR
 *     NarSize      its length in bytes, above 0
 *
 * Stricter than Nix in two points: behind the colon of a name listed here there must be a space, where Nix skips one
 * character whatever it is; and only `Sig` may come twice, where Nix takes the last of most fields. Laxer in one: FileHash
 * and FileSize are hints that nobody signs, so one that is malformed or given twice counts as absent, where Nix 2.8 to 2.34
 * refuse the path for the former.
 */
import { parseDecimal } from './decimal.ts'
import { messageOf, NixError, quote } from './errors.ts'
import { type NarHash, parseNarHash } from './hash.ts'
import type { PathInfo } from './path-info.ts'
import { DEFAULT_STORE_DIR, parseStorePath, parseStorePathBaseName } from './store-path.ts'

/** A binary cache's record of a store path. Plain data, not verified. */
export interface NarInfo extends PathInfo {
  /** Where the NAR is, as written: relative to the cache, or absolute. */
  readonly url: string
  /** The compression of the file, as written: `none`, `xz`, `zstd`, …. Unknown names are not refused here. */
  readonly compression: string
  /**
   * The SHA-256 of the file at `url`, so of the NAR as it is compressed. Absent where the cache does not say, or gives
   * anything else: what is in the file is held against `narHash` anyway.
   */
  readonly fileHash?: NarHash
  /** The length of that file in bytes. Absent where the cache does not say, or says 0 or no number. */
  readonly fileSize?: number
}

/**
 * Parses a narinfo. Its `signatures` are always there, perhaps empty; `ca` stays text, of whatever method. Throws
 * `NixError` NARINFO_INVALID, with `line` where one line is to blame.
 */
export function parseNarInfo(text: string, storeDir: string = DEFAULT_STORE_DIR): NarInfo {
  const { single, signatures } = readFields(text)

  /** The value of a field as read by `parse`; `undefined` if the field is not there. */
  const read = <T>(name: FieldName, parse: (value: string) => T): T | undefined => {
    const field = single.get(name)
    if (field === undefined) return undefined
    try {
      return parse(field.value)
    } catch (cause) {
      const message = `narinfo line ${field.line}, ${name}: ${quote(field.value)}: ${messageOf(cause)}`
      throw new NixError('NARINFO_INVALID', message, { line: field.line, input: field.value, cause })
    }
  }
  /** The value of a field that need not be right; `undefined` if it is malformed. */
  const readHint = <T>(name: Hint, parse: (value: string) => T): T | undefined => {
    try {
      return read(name, parse)
    } catch {
      return undefined
    }
  }
  const required = <T>(name: FieldName, parse: (value: string) => T): T => {
    const value = read(name, parse)
    if (value === undefined) {
      throw new NixError('NARINFO_INVALID', `narinfo has no ${name}: it was cut off, or is something else`)
    }
    return value
  }

  const path = required('StorePath', value => parseStorePath(value, storeDir))
  const fileHash = readHint('FileHash', parseNarHash)
  const fileSize = readHint('FileSize', parseSize)
  const deriver = read('Deriver', value =>
    value === 'unknown-deriver' ? undefined : parseStorePathBaseName(value, storeDir),
  )
  const ca = read('CA', value => value)
  return {
    path,
    url: required('URL', notEmpty),
    compression: read('Compression', value => value) || 'bzip2',
    ...(fileHash !== undefined && { fileHash }),
    ...(fileSize && { fileSize }),
    narHash: required('NarHash', parseNarHash),
    narSize: required('NarSize', notZero),
    references:
      read('References', value =>
        value.split(' ').flatMap(name => (name === '' ? [] : [parseStorePathBaseName(name, storeDir)])),
      ) ?? [],
    ...(deriver !== undefined && { deriver }),
    ...(ca && { ca }),
    signatures,
  }
}

/**
 * Formats a narinfo with its fields in Nix's order; references and signatures in the order given (Nix sorts both).
 * Throws `NixError` NARINFO_INVALID where a value holds a line break.
 */
export function formatNarInfo(info: NarInfo): string {
  let text = ''
  const write = (name: FieldName | 'Sig', value: string | number | undefined): void => {
    if (value === undefined) return
    const line = `${name}: ${value}\n`
    if (line.indexOf('\n') !== line.length - 1) {
      const message = `cannot write the narinfo: ${name} holds a line break: ${quote(String(value))}`
      throw new NixError('NARINFO_INVALID', message, { input: String(value) })
    }
    text += line
  }
  write('StorePath', info.path.path)
  write('URL', info.url)
  write('Compression', info.compression)
  write('FileHash', info.fileHash)
  write('FileSize', info.fileSize)
  write('NarHash', info.narHash)
  write('NarSize', info.narSize)
  write('References', info.references.map(reference => reference.baseName).join(' '))
  write('Deriver', info.deriver?.baseName)
  for (const signature of info.signatures ?? []) write('Sig', signature)
  write('CA', info.ca)
  return text
}

const FIELDS = [
  'StorePath',
  'URL',
  'Compression',
  'FileHash',
  'FileSize',
  'NarHash',
  'NarSize',
  'References',
  'Deriver',
  'CA',
] as const
type FieldName = (typeof FIELDS)[number]

/** Fields that no signature covers, and nothing depends on. */
const HINTS = ['FileHash', 'FileSize'] as const satisfies readonly FieldName[]
type Hint = (typeof HINTS)[number]

/** The value of a hint that is not known. */
const NO_HINT = ''

interface Field {
  readonly value: string
  /** Counted from 1. */
  readonly line: number
}

function readFields(text: string): { single: Map<FieldName, Field>; signatures: string[] } {
  const single = new Map<FieldName, Field>()
  const signatures: string[] = []
  let line = 0
  for (let at = 0, end: number; at < text.length; at = end + 1) {
    line++
    end = text.indexOf('\n', at)
    if (end < 0) throw invalid(line, text.slice(at), 'it does not end with a newline, so the text was cut off')
    const whole = text.slice(at, end)
    const colon = whole.indexOf(':')
    const name = whole.slice(0, colon)
    const isKnown = name === 'Sig' || isFieldName(name)
    if (isHint(name)) {
      const value = single.has(name) || whole[colon + 1] !== ' ' ? NO_HINT : whole.slice(colon + 2)
      single.set(name, { value, line })
      continue
    }
    if (colon < 0 || (isKnown && whole[colon + 1] !== ' ')) {
      throw invalid(line, whole, 'it is not of the form "Name: value"')
    }
    const value = whole.slice(colon + 2)
    if (name === 'Sig') signatures.push(value)
    else if (isFieldName(name)) {
      const first = single.get(name)
      if (first !== undefined) throw invalid(line, whole, `line ${first.line} has given ${name}`)
      single.set(name, { value, line })
    }
  }
  return { single, signatures }
}

function isFieldName(name: string): name is FieldName {
  return (FIELDS as readonly string[]).includes(name)
}

function isHint(name: string): name is Hint {
  return (HINTS as readonly string[]).includes(name)
}

/** A number that may have zeros in front, as Nix takes it. */
function parseSize(value: string): number {
  return parseDecimal(value.replace(/^0+(?=[0-9])/, ''))
}

function notEmpty(value: string): string {
  if (value === '') throw new Error('it is empty')
  return value
}

function notZero(value: string): number {
  const number = parseSize(value)
  if (number === 0) throw new Error('no NAR is empty')
  return number
}

function invalid(line: number, input: string, reason: string): NixError {
  return new NixError('NARINFO_INVALID', `narinfo line ${line}, ${quote(input)}: ${reason}`, { line, input })
}
