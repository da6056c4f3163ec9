/**
 * Names and versions of packages, as Nix reads them out of the names of store paths (nix: src/libstore/names.cc, `DrvName`
 * and `compareVersions`; src/nix/diff-closures.cc for outputs).
 *
 *     name    = everything up to the first "-" that something other than a letter follows
 *     version = what is behind that "-"; components of digits, or of other characters, between "." and "-"
 *     output  = a last "-" and small letters, such as "-dev"; or "-lib32", "-lib64"
 */
import { text } from '../arguments.ts'

/** The name of a store path in parts. */
export interface PackageName {
  readonly name: string
  /** Empty if there is none. */
  readonly version: string
  /**
   * The output of the derivation, such as `dev`. A guess: `-unstable` at the end of a version looks the same, and so does
   * the last word of `nixos-system-web`.
   */
  readonly output?: string
}

/** The largest number that a component of a version is; Nix takes longer runs of digits for text. */
const NUMBER_MAX = 2 ** 31 - 1

const OUTPUT = /^(.*)-([a-z]+|lib32|lib64)$/s
const SEPARATORS = '.-'

/** Splits the name of a derivation, as `builtins.parseDrvName` does: `nginx-1.26.2` is nginx in version 1.26.2. */
export function parseDrvName(drvName: string): { readonly name: string; readonly version: string } {
  text(drvName, 'drvName')
  const dash = drvName.search(/-[^a-zA-Z]/s)
  if (dash < 0) return { name: drvName, version: '' }
  return { name: drvName.slice(0, dash), version: drvName.slice(dash + 1) }
}

/**
 * Splits the name of a store path, as `nix store diff-closures` does: the output is taken off first. But what would
 * have an empty name stays whole, such as `-dev` or `-1.0`: there, all of these are one package without a name.
 */
export function parsePackageName(storePathName: string): PackageName {
  text(storePathName, 'storePathName')
  const [, rest = storePathName, output] = OUTPUT.exec(storePathName) ?? []
  const parsed = parseDrvName(rest)
  if (parsed.name === '') return { name: storePathName, version: '' }
  return output === undefined ? parsed : { ...parsed, output }
}

/**
 * Splits it with an output only behind a version: `foo-1.2-dev` is the output `dev` of foo 1.2, but `ca-certificates` is no
 * output of ca. Without a version, the name is whole.
 */
export function parseVersionedName(storePathName: string): PackageName {
  const parsed = parsePackageName(storePathName)
  return parsed.version === '' ? { name: storePathName, version: '' } : parsed
}

/** Orders versions, as `builtins.compareVersions` does: below 0 if `a` is older. For `Array.prototype.sort`. */
export function compareVersions(a: string, b: string): number {
  text(a, 'a')
  text(b, 'b')
  const first = components(a)
  const second = components(b)
  for (;;) {
    const one = first.next()
    const other = second.next()
    if (one.done && other.done) return 0
    const left = one.value ?? ''
    const right = other.value ?? ''
    if (isOlder(left, right)) return -1
    if (isOlder(right, left)) return 1
  }
}

function* components(version: string): Generator<string, undefined> {
  for (let at = 0; ; ) {
    while (at < version.length && SEPARATORS.includes(version[at]!)) at++
    if (at === version.length) return undefined
    const start = at
    const isNumber = isDigit(version[at]!)
    while (at < version.length && !SEPARATORS.includes(version[at]!) && isDigit(version[at]!) === isNumber) at++
    yield version.slice(start, at)
  }
}

function isOlder(a: string, b: string): boolean {
  const first = numberOf(a)
  const second = numberOf(b)
  if (first !== undefined && second !== undefined) return first < second
  if (a === '' && second !== undefined) return true
  if (a === 'pre') return b !== 'pre'
  if (b === 'pre') return false
  // 2.3a is older than 2.3.1.
  if (second !== undefined) return true
  if (first !== undefined) return false
  return a < b
}

function numberOf(component: string): number | undefined {
  if (!/^\d+$/.test(component)) return undefined
  const value = Number(component)
  return value <= NUMBER_MAX ? value : undefined
}

function isDigit(character: string): boolean {
  return character >= '0' && character <= '9'
}

/** The hash and the name in a store path. */
export function splitStorePath(path: string): { readonly hash: string; readonly name: string } {
  const base = path.slice(path.lastIndexOf('/') + 1)
  return { hash: base.slice(0, 32), name: base.slice(33) }
}
