/**
 * Store paths (nix: src/libstore/path.cc, doc/manual/source/store/store-path.md).
 *
 *     store path = STOREDIR "/" base name
 *     base name  = digest "-" name
 *     digest     = 32 digits of Nix's base 32 (20 bytes)
 *     name       = 1 to 211 of 0-9 a-z A-Z + - . _ ? =, but not ".", "..", and not beginning with ".-" or "..-"
 */
import { NixError, quote } from './errors.ts'

declare const validStorePath: unique symbol

/**
 * A store path that keeps the rules of Nix. Made by {@link parseStorePath} and {@link parseStorePathBaseName} only.
 * Plain data, all of it ASCII: it can be sent to a worker, and each field is its own byte string. Two are the same
 * path if their `path` is.
 */
export interface StorePath {
  /** The folder of the store, such as `/nix/store`. */
  readonly storeDir: string
  /** The 32 digits that begin the base name. */
  readonly digest: string
  /** The part behind the digest and its `-`. */
  readonly name: string
  /** `digest-name`: the entry in the store's folder. */
  readonly baseName: string
  /** The whole: `storeDir/digest-name`. */
  readonly path: string
  readonly [validStorePath]: true
}

/** The folder of every store unless someone built Nix for another one. */
export const DEFAULT_STORE_DIR = '/nix/store'

const DIGEST = /^[0-9abcdfghijklmnpqrsvwxyz]{32}$/
const NAME = /^[0-9a-zA-Z+\-._?=]{1,211}$/
const DOTS = /^\.\.?(?:-|$)/
// Nix allows any bytes; printable ASCII is what stores have, and makes text and byte string the same.
const STORE_DIR = /^(?:\/[!-.0-~]+)+$/

/** Parses a full store path of the given store. Throws `NixError` STORE_PATH_INVALID. */
export function parseStorePath(text: string, storeDir: string = DEFAULT_STORE_DIR): StorePath {
  checkStoreDir(storeDir)
  if (!text.startsWith(`${storeDir}/`)) throw invalid(text, `it does not begin with ${storeDir}/`)
  const baseName = text.slice(storeDir.length + 1)
  if (baseName.includes('/')) throw invalid(text, 'it goes on behind the entry of the store: cut it at that "/"')
  return makeStorePath(text, baseName, storeDir)
}

/** Parses `digest-name`, the form of references in narinfo files. Throws `NixError` STORE_PATH_INVALID. */
export function parseStorePathBaseName(baseName: string, storeDir: string = DEFAULT_STORE_DIR): StorePath {
  checkStoreDir(storeDir)
  return makeStorePath(baseName, baseName, storeDir)
}

/** Orders store paths bytewise, as Nix orders references; for `Array.prototype.sort`. */
export function compareStorePaths(a: StorePath, b: StorePath): number {
  return a.path < b.path ? -1 : a.path > b.path ? 1 : 0
}

function makeStorePath(text: string, baseName: string, storeDir: string): StorePath {
  const digest = baseName.slice(0, 32)
  const name = baseName.slice(33)
  if (!DIGEST.test(digest)) throw invalid(text, 'its entry does not begin with 32 digits of Nix base 32')
  if (baseName[32] !== '-') throw invalid(text, 'behind the 32 digits a "-" and a name are missing')
  if (!NAME.test(name)) {
    throw invalid(text, `a name has 1 to 211 of the characters 0-9 a-z A-Z + - . _ ? =, unlike ${quote(name)}`)
  }
  if (DOTS.test(name)) throw invalid(text, 'a name is not "." or ".." and does not begin with ".-" or "..-"')
  const fields: Omit<StorePath, typeof validStorePath> = {
    storeDir,
    digest,
    name,
    baseName,
    path: `${storeDir}/${baseName}`,
  }
  return Object.freeze(fields) as StorePath
}

function checkStoreDir(storeDir: string): void {
  if (STORE_DIR.test(storeDir) && !/\/\.\.?(?:\/|$)/.test(storeDir)) return
  throw new NixError(
    'STORE_PATH_INVALID',
    `not a store directory: ${quote(storeDir)}: give an absolute path of printable ASCII without a trailing "/" ` +
      'and without empty, "." and ".." components',
    { input: storeDir },
  )
}

function invalid(text: string, reason: string): NixError {
  return new NixError('STORE_PATH_INVALID', `not a store path: ${quote(text)}: ${reason}`, { input: text })
}
