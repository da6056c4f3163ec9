import { lstatSync } from 'node:fs'
import { compareStorePaths, type PathInfo, type StorePath } from '../nix/index.ts'
import { reasonOf, StoreError } from './errors.ts'
import { physicalPath, type StoreLocation } from './location.ts'

/** A set of store paths that holds everything its members refer to, and where their files are. */
export interface Closure {
  readonly location: StoreLocation
  /** Ordered by path, and so are the references of each. */
  readonly paths: readonly PathInfo[]
}

/**
 * Makes a closure of what a source told: in one order, whatever the source's, and complete. Throws `StoreError`
 * CLOSURE_INCOMPLETE for a reference that is not among the paths, CLOSURE_AMBIGUOUS for a path told of in two ways,
 * STORE_PATH_MISSING for one whose files are not there.
 */
export function createClosure(location: StoreLocation, infos: Iterable<PathInfo>): Closure {
  const byPath = new Map<string, PathInfo>()
  for (const info of infos) {
    const other = byPath.get(info.path.path)
    if (other && (other.narHash !== info.narHash || other.narSize !== info.narSize)) throw ambiguous(info.path)
    byPath.set(info.path.path, info)
  }
  for (const info of byPath.values()) {
    for (const reference of info.references) {
      if (!byPath.has(reference.path)) throw incomplete(info.path, reference)
    }
    checkPresent(location, info.path)
  }
  const paths = [...byPath.values()]
    .map(info => ({ ...info, references: sortReferences(info.references) }))
    .sort((a, b) => compareStorePaths(a.path, b.path))
  return { location, paths }
}

/** Throws `StoreError` CLOSURE_INCOMPLETE unless each of `roots` is in the closure. */
export function checkRoots(closure: Closure, roots: readonly StorePath[], source: string): void {
  const known = new Set(closure.paths.map(info => info.path.path))
  for (const { path } of roots) {
    if (known.has(path)) continue
    const message = `${path}: not among the ${known.size} store paths of ${source}; give the closureInfo of that path`
    throw new StoreError('CLOSURE_INCOMPLETE', path, message)
  }
}

function sortReferences(references: readonly StorePath[]): StorePath[] {
  const unique = new Map(references.map(reference => [reference.path, reference]))
  return [...unique.values()].sort(compareStorePaths)
}

function checkPresent(location: StoreLocation, path: StorePath): void {
  const file = physicalPath(location, path)
  try {
    lstatSync(Buffer.from(file, 'latin1'))
  } catch (error) {
    throw new StoreError(
      'STORE_PATH_MISSING',
      path.path,
      `${path.path}: in the closure, but not in ${location.physicalDir}: ${reasonOf(error)}; ` +
        'repair it (nix-store --repair-path) or copy it there',
      { cause: error },
    )
  }
}

function ambiguous({ path }: StorePath): StoreError {
  const message = `${path}: listed twice, with different NAR hashes or sizes; one of them is wrong, list it once`
  return new StoreError('CLOSURE_AMBIGUOUS', path, message)
}

function incomplete(referrer: StorePath, reference: StorePath): StoreError {
  return new StoreError(
    'CLOSURE_INCOMPLETE',
    reference.path,
    `${reference.path}: missing from the closure, though ${referrer.path} refers to it; ` +
      'list the whole closure (nix-store -qR, or closureInfo)',
  )
}
