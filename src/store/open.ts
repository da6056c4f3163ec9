import { CacheError, type CacheErrorCode, PUBLIC_CACHE } from '../binary-cache/index.ts'
import { parseStorePath, type StorePath } from '../nix/index.ts'
import { askLocalStore } from './ask-local-store.ts'
import { cachedClosure } from './cached-closure.ts'
import { type Closure, checkRoots } from './closure.ts'
import { readClosureInfo } from './closure-info.ts'
import { credentialsOf } from './credentials.ts'
import { readDatabase } from './database.ts'
import { exportClosure } from './export-closure.ts'
import { localClosure } from './local-closure.ts'
import { locateStore, resolveRoot, type StoreLocation } from './location.ts'
import { locateMachineStore, type MachineStore } from './machine-store.ts'
import { narFilesClosure } from './nar-files-closure.ts'
import type { ClosureSource } from './source.ts'

/** A closure that was opened, with the roots asked for as store paths. */
export interface OpenedClosure {
  closure: Closure
  roots: StorePath[]
}

/** The fields of which a source has one at most. */
const KINDS = ['caches', 'exportFile', 'narFiles'] as const

/**
 * Finds the closure of `roots`, each a store path or a symlink to one. The result does not depend on which source told
 * it. Throws `StoreError`, `NixError`, `CacheError`, `NarFileError`, and `TypeError` for fields that exclude each other.
 */
export async function openClosure(
  source: ClosureSource,
  roots: readonly string[],
  signal?: AbortSignal,
): Promise<OpenedClosure> {
  checkSource(source)
  const machine = usesMachine(source) ? await locateMachineStore(signal) : undefined
  const location = machine ?? locateStore(source.store)
  const rootPaths = roots.map(root => resolveRoot(location, root))
  const whole = await openWhole(source, location, signal)
  if (whole) checkRoots(whole, rootPaths, wholeName(source))
  const closure =
    whole ??
    (machine
      ? await openMachine(source, machine, rootPaths, signal)
      : await openRoots(source, location, rootPaths, signal))
  return { closure, roots: rootPaths }
}

/** Whether the files of a source are in the store of this machine. */
function usesMachine(source: ClosureSource): boolean {
  return source.store === undefined && KINDS.every(kind => source[kind] === undefined)
}

function checkSource(source: ClosureSource): void {
  const local = source.closureInfo !== undefined || source.store !== undefined
  const kinds = KINDS.filter(kind => source[kind] !== undefined)
  if (kinds.length > 1 || (local && kinds.length > 0)) {
    const names = [...(local ? ['closureInfo or store'] : []), ...kinds].join(' and ')
    throw new TypeError(`source: ${names}: a closure comes from one of them`)
  }
}

/** A source that lists its store paths, all of which are in the closure. */
async function openWhole(
  { closureInfo, exportFile, narFiles }: ClosureSource,
  location: StoreLocation,
  signal?: AbortSignal,
): Promise<Closure | undefined> {
  const { storeDir } = location
  if (closureInfo !== undefined) return localClosure(location, readClosureInfo(closureInfo, storeDir))
  if (exportFile !== undefined) return exportClosure(storeDir, exportFile, signal)
  if (narFiles === undefined) return undefined
  const files = Object.entries(narFiles).map(([path, file]) => ({ path: parseStorePath(path, storeDir), file }))
  return narFilesClosure(storeDir, files, signal)
}

function wholeName({ closureInfo, exportFile }: ClosureSource): string {
  return closureInfo ?? exportFile ?? 'the NAR files'
}

/** The store of this machine, or for roots that it does not have the public cache. */
async function openMachine(
  source: ClosureSource,
  store: MachineStore,
  roots: readonly StorePath[],
  signal?: AbortSignal,
): Promise<Closure> {
  const infos = await askLocalStore(store, roots, signal)
  if (infos) return localClosure(store, infos)
  try {
    return await openRoots({ ...source, caches: [PUBLIC_CACHE.url] }, store, roots, signal)
  } catch (error) {
    if (!(error instanceof CacheError)) throw error
    // A user who mistyped a path did not ask for a network.
    const path = error.path ?? roots[0].path
    const message = `${path}: not in the store of this machine (${store.physicalDir}), nor to be had from a cache: ${error.message}`
    throw new CacheError(error.code as CacheErrorCode, error.url, path, message, { cause: error })
  }
}

/** A store elsewhere on disk, or binary caches. */
async function openRoots(
  source: ClosureSource,
  location: StoreLocation,
  roots: readonly StorePath[],
  signal?: AbortSignal,
): Promise<Closure> {
  if (!source.caches) return localClosure(location, readDatabase(location, roots))
  const trust = {
    publicKeys: source.trustedPublicKeys ?? [PUBLIC_CACHE.publicKey],
    required: source.requireSignatures ?? true,
  }
  const access = { ...(await credentialsOf(source)), stallTimeout: source.stallTimeout }
  return cachedClosure(location.storeDir, roots, { urls: source.caches, trust, access }, signal)
}
