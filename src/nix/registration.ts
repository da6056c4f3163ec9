/**
 * The registration text that `nix-store --load-db` reads (nix: src/libstore/store-api.cc, decodeValidPathInfo).
 *
 *     registration = { record }
 *     record = PATH nl NARHASH nl NARSIZE nl [ DERIVER ] nl COUNT nl { REFERENCE nl }     COUNT references
 *
 * `nix-store --dump-db` writes NARHASH as bare base 16; nixpkgs' closureInfo writes `sha256:<Nix base 32>` and never a
 * deriver. Both are read; the second is written.
 */
import { parseDecimal } from './decimal.ts'
import { messageOf, NixError, quote } from './errors.ts'
import { type NarHash, parseNarHash } from './hash.ts'
import type { PathInfo } from './path-info.ts'
import { DEFAULT_STORE_DIR, parseStorePath, type StorePath } from './store-path.ts'

/** An item of a registration: a record without its references, or one reference of the last record. */
export type RegistrationItem =
  | ({ readonly kind: 'record' } & Omit<PathInfo, 'references'>)
  | { readonly kind: 'reference'; readonly path: StorePath }

/**
 * Parses a registration into records, in its order, but no more than `most`; the empty text holds none. A missing newline at
 * the very end is forgiven. Throws `NixError` REGISTRATION_INVALID with the line.
 */
export function parseRegistration(
  text: string,
  storeDir: string = DEFAULT_STORE_DIR,
  most: number = Number.POSITIVE_INFINITY,
): PathInfo[] {
  const records: PathInfo[] = []
  let references: StorePath[] = []
  for (const item of walk(text, storeDir, createPathParser(storeDir))) {
    if (item.kind === 'reference') references.push(item.path)
    else {
      if (records.length === most) break
      references = []
      const { path, narHash, narSize, deriver } = item
      records.push({ path, narHash, narSize, references, ...(deriver !== undefined && { deriver }) })
    }
  }
  return records
}

/** The same piece by piece, so that what is read need not be kept. */
export function walkRegistration(
  text: string,
  storeDir: string = DEFAULT_STORE_DIR,
): Generator<RegistrationItem, void, undefined> {
  return walk(text, storeDir, line => parseStorePath(line, storeDir))
}

/** Parses each store path once, however many refer to it. */
function createPathParser(storeDir: string): (line: string) => StorePath {
  const known = new Map<string, StorePath>()
  return line => {
    const found = known.get(line)
    if (found) return found
    const path = parseStorePath(line, storeDir)
    known.set(path.path, path)
    return path
  }
}

function* walk(
  text: string,
  storeDir: string,
  parsePath: (line: string) => StorePath,
): Generator<RegistrationItem, void, undefined> {
  const lines = createLines(text)
  while (!lines.atEnd()) {
    const path = lines.read(() => 'a store path', parsePath)
    const narHash = lines.read(
      () => `the NAR hash of ${path.path}`,
      line => readNarHash(line, storeDir),
    )
    const narSize = lines.read(() => `the NAR size of ${path.path}`, parseDecimal)
    const deriver = lines.read(
      () => `the deriver of ${path.path} or an empty line`,
      line => (line === '' ? undefined : parsePath(line)),
    )
    const count = lines.read(() => `the number of references of ${path.path}`, parseDecimal)
    const countLine = lines.lineNumber()
    yield { kind: 'record', path, narHash, narSize, ...(deriver !== undefined && { deriver }) }
    // That number is foreign, the lines that follow it are real.
    for (let i = 1; i <= count; i++) {
      const what = () => `reference ${i} of the ${count} of ${path.path} that line ${countLine} announces`
      yield { kind: 'reference', path: lines.read(what, parsePath) }
    }
  }
}

/**
 * Formats records exactly as nixpkgs' closureInfo does: the hash in Nix's base 32, no deriver, records and references
 * in the order given (closureInfo sorts both; see `compareStorePaths`). Other fields have no place in the format.
 */
export function formatRegistration(records: Iterable<PathInfo>): string {
  let text = ''
  for (const { path, narHash, narSize, references } of records) {
    text += `${path.path}\n${narHash}\n${narSize}\n\n${references.length}\n`
    for (const reference of references) text += `${reference.path}\n`
  }
  return text
}

function readNarHash(line: string, storeDir: string): NarHash {
  if (line.startsWith(`${storeDir}/`)) {
    throw new Error('it is a store path, so the record before it may announce too few references')
  }
  return parseNarHash(line)
}

function createLines(text: string) {
  let at = 0
  let number = 0
  return {
    atEnd: () => at >= text.length,
    /** The number of the line read last, from 1. */
    lineNumber: () => number,
    read<T>(what: () => string, parse: (line: string) => T): T {
      number++
      if (at >= text.length) {
        const message = `registration ends too early: line ${number} should hold ${what()}`
        throw new NixError('REGISTRATION_INVALID', message, { line: number })
      }
      const newline = text.indexOf('\n', at)
      const end = newline < 0 ? text.length : newline
      const line = text.slice(at, end)
      at = end + 1
      try {
        return parse(line)
      } catch (cause) {
        const message = `registration line ${number} should hold ${what()}, not ${quote(line)}: ${messageOf(cause)}`
        throw new NixError('REGISTRATION_INVALID', message, { line: number, input: line, cause })
      }
    },
  }
}
