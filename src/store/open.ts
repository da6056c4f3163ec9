import type { PathInfo, StorePath } from '../nix/index.ts'
import { type Closure, checkRoots, createClosure } from './closure.ts'
import { readClosureInfo } from './closure-info.ts'
import { readDatabase } from './database.ts'
import { StoreError } from './errors.ts'
import { locateStore, resolveRoot, type StoreLocation } from './location.ts'
import { askNix, askNixStore } from './nix-commands.ts'

/** Where a closure comes from. Without any field: the local store, asked through Nix or its database. */
export interface ClosureSource {
  /** A folder that nixpkgs' closureInfo made: every path it lists is in the closure. */
  closureInfo?: string
  /** The folder that stands for `/` of a store elsewhere on disk: its files are in `root/nix/store`. Default `/`. */
  storeRoot?: string
}

/** A closure that was opened, with the roots asked for as store paths. */
export interface OpenedClosure {
  closure: Closure
  roots: StorePath[]
}

/**
 * Finds the closure of `roots`, each a store path or a symlink to one. The result does not depend on which source told
 * it. Throws `StoreError` and `NixError`.
 */
export async function openClosure(
  source: ClosureSource,
  roots: readonly string[],
  signal?: AbortSignal,
): Promise<OpenedClosure> {
  const location = locateStore(source.storeRoot)
  const rootPaths = roots.map(root => resolveRoot(location, root))
  if (source.closureInfo !== undefined) {
    const closure = createClosure(location, readClosureInfo(source.closureInfo, location.storeDir))
    checkRoots(closure, rootPaths, source.closureInfo)
    return { closure, roots: rootPaths }
  }
  const infos =
    source.storeRoot === undefined
      ? await askLocalStore(location, rootPaths, signal)
      : readDatabase(location, rootPaths)
  return { closure: createClosure(location, infos), roots: rootPaths }
}

async function askLocalStore(
  location: StoreLocation,
  roots: readonly StorePath[],
  signal?: AbortSignal,
): Promise<PathInfo[]> {
  const refusals: string[] = []
  for (const ask of [askNix, askNixStore, async () => readDatabase(location, roots)]) {
    try {
      return await ask(roots, location.storeDir, signal)
    } catch (error) {
      signal?.throwIfAborted()
      refusals.push(error instanceof Error ? error.message : String(error))
    }
  }
  throw new StoreError(
    'STORE_UNREADABLE',
    location.physicalDir,
    `the closure of ${roots.map(root => root.path).join(', ')} cannot be found in ${location.physicalDir}:\n` +
      refusals.map(refusal => `  ${refusal}`).join('\n'),
  )
}
