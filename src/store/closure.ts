import type { ByteString } from '../bytes/index.ts'
import type { NarFileError } from '../nar-file/index.ts'
import { compareStorePaths, type PathInfo, type StorePath } from '../nix/index.ts'
import type { ImageNode } from '../tree/index.ts'
import type { Warning } from '../warning.ts'
import type { ContentsSource, SupplyOptions } from './contents-source.ts'
import { StoreError } from './errors.ts'

/** A set of store paths that holds everything its members refer to, and how to get at their contents. */
export interface Closure {
  /** The folder that store paths begin with, `/nix/store`. */
  readonly storeDir: string
  /** Ordered by path, and so are the references of each. */
  readonly paths: readonly PathInfo[]
  /** Where the contents of one of them are. */
  contentsOf(path: StorePath): ContentsSource
  /** The options of {@link createSupply} for contents from there. */
  readonly supply: SupplyOptions
  /** The node at `names` inside one of them, without following links; `undefined` if there is none. */
  nodeAt(path: StorePath, names: readonly ByteString[]): Promise<ImageNode | undefined>
  /**
   * The closure with another build of the store path that `fault` is about, for no cache gives the NAR of this one. Rejects
   * with `fault` where no cache has another. Absent: there cannot be any.
   */
  otherBuild?(fault: NarFileError): Promise<Closure>
  /** Warnings about the closure. */
  readonly warnings: readonly Warning[]
}

/**
 * Makes the paths of a closure from the records of a source: in one order, whatever the source's, and complete. Throws
 * `StoreError` CLOSURE_INCOMPLETE for a reference that is not among the paths, CLOSURE_AMBIGUOUS for a path told of in
 * two ways.
 */
export function completePaths(infos: Iterable<PathInfo>): PathInfo[] {
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
  }
  return [...byPath.values()]
    .map(info => ({ ...info, references: sortReferences(info.references) }))
    .sort((a, b) => compareStorePaths(a.path, b.path))
}

/** Throws `StoreError` CLOSURE_INCOMPLETE unless each of `roots` is in the closure. */
export function checkRoots(closure: Closure, roots: readonly StorePath[], source: string): void {
  const known = new Set(closure.paths.map(info => info.path.path))
  for (const { path } of roots) {
    if (known.has(path)) continue
    const message = `${path}: not among the ${known.size} store paths of ${source}; give one that holds that path`
    throw new StoreError('CLOSURE_INCOMPLETE', path, message)
  }
}

function sortReferences(references: readonly StorePath[]): StorePath[] {
  const unique = new Map(references.map(reference => [reference.path, reference]))
  return [...unique.values()].sort(compareStorePaths)
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
