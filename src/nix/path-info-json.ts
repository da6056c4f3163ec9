/**
 * The output of `nix path-info --json`, in every shape it has had
 * (nix: doc/manual/source/protocols/json/schema/store-object-info-v*.yaml, src/nix/path-info.cc).
 *
 *     to 2.18        [ {path, narHash, narSize, references, deriver?, ca?, signatures?, valid?} ]
 *     from 2.19      { PATH: {the same without path} | null }        null: the path is not valid
 *                    later versions write absent fields as null, and narHash with base 64 behind `sha256:`
 *     version 2      {version: 2, storeDir, info: { BASENAME: {…} | null }}
 *                    references and deriver are base names; ca is {method: nar | flat | text | git, hash}
 *     version 3      the same; a signature is {keyName, sig} and no more one string
 */
import { isObject } from '../is-object.ts'
import { messageOf, NixError, quote } from './errors.ts'
import { normalizeHash, parseNarHash } from './hash.ts'
import type { PathInfo } from './path-info.ts'
import { DEFAULT_STORE_DIR, parseStorePath, parseStorePathBaseName, type StorePath } from './store-path.ts'

/**
 * Parses the output of `nix path-info --json` into records, in its order. Where the text says its store directory
 * (from version 2 on), that one counts; otherwise `storeDir`. Throws `NixError` PATH_INFO_INVALID, with `path` where
 * one store path is to blame: one that the store does not hold (`null`, `valid: false`) is an error too.
 */
export function parsePathInfoJson(text: string, storeDir: string = DEFAULT_STORE_DIR): PathInfo[] {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new NixError('PATH_INFO_INVALID', `path-info is not JSON: ${messageOf(cause)}`, { cause })
  }
  if (Array.isArray(json)) {
    return json.map((item, i) => {
      const path = isObject(item) ? item.path : undefined
      if (typeof path !== 'string') throw invalid(`item ${i}`, undefined, 'it has no "path"')
      return readInfo(path, item, storeDir)
    })
  }
  if (!isObject(json)) throw invalid('the whole', undefined, 'neither an array nor an object')
  if (!Object.hasOwn(json, 'version')) return readInfos(json, storeDir)
  if (json.version !== 2 && json.version !== 3) {
    const reason = `version ${shown(json.version)} is not known here: run nix path-info with --json-format 2`
    throw invalid('the whole', undefined, reason)
  }
  if (!isObject(json.info)) throw invalid('the whole', undefined, '"info" is not an object')
  const statedDir = json.storeDir ?? storeDir
  if (typeof statedDir !== 'string') throw invalid('the whole', undefined, '"storeDir" is not a string')
  return readInfos(json.info, statedDir)
}

function readInfos(infos: Record<string, unknown>, storeDir: string): PathInfo[] {
  return Object.entries(infos).map(([path, info]) => readInfo(path, info, storeDir))
}

function readInfo(path: string, info: unknown, storeDir: string): PathInfo {
  if (info === null || (isObject(info) && info.valid === false)) {
    throw invalid(path, path, 'it is not in the store: build or fetch it first')
  }
  if (!isObject(info)) throw invalid(path, path, 'its value is not an object')
  const read = <T>(field: string, parse: (value: unknown) => T): T => {
    try {
      return parse(info[field])
    } catch (cause) {
      throw invalid(path, path, `field "${field}": ${messageOf(cause)}`, cause)
    }
  }
  const optional = <T>(field: string, parse: (value: unknown) => T): { [key: string]: T } => {
    const value = info[field]
    // Also the version 2 that writes no `deriver` as "": an empty text says nothing either.
    return value === undefined || value === null || value === '' ? {} : { [field]: read(field, parse) }
  }
  const toStorePath = (value: unknown): StorePath => readStorePath(asString(value), storeDir)
  let storePath: StorePath
  try {
    storePath = readStorePath(path, storeDir)
  } catch (cause) {
    throw invalid(path, path, messageOf(cause), cause)
  }
  return {
    path: storePath,
    narHash: read('narHash', value => parseNarHash(readHash(value))),
    narSize: read('narSize', asSize),
    references: read('references', value => asArray(value).map(toStorePath)),
    ...optional('deriver', toStorePath),
    ...optional('ca', readContentAddress),
    ...optional('signatures', value => asArray(value).map(readSignature)),
  }
}

function readStorePath(text: string, storeDir: string): StorePath {
  return text.startsWith('/') ? parseStorePath(text, storeDir) : parseStorePathBaseName(text, storeDir)
}

// Development versions of Nix between 2.32 and 2.33 printed hashes as {algorithm, format: "base64", hash}.
function readHash(value: unknown): string {
  if (!isObject(value)) return asString(value)
  if (value.format !== 'base64') throw new Error(`hash format ${shown(value.format)} is not known`)
  return `${asString(value.algorithm)}-${asString(value.hash)}`
}

// nix: src/libstore/content-address.cc, ContentAddress::render
function readContentAddress(value: unknown): string {
  if (!isObject(value)) return asString(value)
  const prefix = typeof value.method === 'string' ? CA_PREFIXES.get(value.method) : undefined
  if (prefix === undefined) throw new Error(`method ${shown(value.method)} is not known`)
  return prefix + normalizeHash(readHash(value.hash))
}

const CA_PREFIXES = new Map([
  ['text', 'text:'],
  ['flat', 'fixed:'],
  ['nar', 'fixed:r:'],
  ['git', 'fixed:git:'],
])

function readSignature(value: unknown): string {
  return isObject(value) ? `${asString(value.keyName)}:${asString(value.sig)}` : asString(value)
}

function asString(value: unknown): string {
  if (typeof value !== 'string') throw new Error('a string is needed')
  return value
}

function asArray(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Error('an array is needed')
  return value
}

function asSize(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value
  throw new Error('a whole number of bytes below 2^53 is needed')
}

/** A value of any kind for a message. Objects are not made into text: some have a `toString` that is no function. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return '[…]'
  return isObject(value) ? '{…}' : quote(String(value))
}

function invalid(what: string, path: string | undefined, reason: string, cause?: unknown): NixError {
  const where = path === undefined ? what : quote(what)
  return new NixError('PATH_INFO_INVALID', `path-info, ${where}: ${reason}`, { path, cause })
}
