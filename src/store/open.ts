import { CacheError, type CacheErrorCode, PUBLIC_CACHE } from '../binary-cache/index.ts'
import { type ClosureSource, placeOf } from '../closure-source.ts'
import { NixError, type NixErrorCode, type StorePath } from '../nix/index.ts'
import { askLocalStore } from './ask-local-store.ts'
import { cachedClosure } from './cached-closure.ts'
import { type Closure, checkRoots } from './closure.ts'
import { readClosureInfo } from './closure-info.ts'
import { credentialsOf } from './credentials.ts'
import { readDatabase } from './database.ts'
import { StoreError, type StoreErrorCode } from './errors.ts'
import { exportClosure } from './export-closure.ts'
import { localClosure } from './local-closure.ts'
import { locateStore, resolveRoot, type StoreLocation } from './location.ts'
import { locateMachineStore, type MachineStore } from './machine-store.ts'
import { narFilesClosure } from './nar-files-closure.ts'

/** A closure that was opened, with the roots asked for as store paths. */
export interface OpenedClosure {
  closure: Closure
  roots: StorePath[]
}

/** A store, and how to find closures in it. */
interface Opener {
  readonly location: StoreLocation
  open(roots: readonly StorePath[]): Closure | Promise<Closure>
}

/** Options of {@link openClosure}. */
export interface OpenOptions {
  /** What asks for the roots, by their paths, for messages. */
  readonly origins?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}

/**
 * Finds the closure of `roots`, each a store path or a symlink to one. The result does not depend on which source told
 * it. Throws `StoreError`, `NixError`, `CacheError`, `NarFileError`, and `TypeError` for fields that exclude each other.
 */
export async function openClosure(
  source: ClosureSource,
  roots: readonly string[],
  { origins = {}, signal }: OpenOptions = {},
): Promise<OpenedClosure> {
  const { location, open } = await openerOf(source, signal)
  const originOf = (root: string | undefined) =>
    root !== undefined && Object.hasOwn(origins, root) ? origins[root] : undefined
  const rootPaths = roots.map(root => {
    try {
      return resolveRoot(location, root)
    } catch (error) {
      throw withOrigin(error, originOf(root))
    }
  })
  try {
    return { closure: await open(rootPaths), roots: rootPaths }
  } catch (error) {
    const root = roots[rootPaths.findIndex(({ path }) => error instanceof StoreError && error.path === path)]
    throw withOrigin(error, originOf(root))
  }
}

/** An error about a root with what asks for the root. */
function withOrigin(error: unknown, origin: string | undefined): unknown {
  if (origin === undefined) return error
  if (error instanceof StoreError) {
    return new StoreError(error.code as StoreErrorCode, error.path, `${origin}: ${error.message}`, { cause: error })
  }
  if (error instanceof NixError)
    return new NixError(error.code as NixErrorCode, `${origin}: ${error.message}`, { ...error, cause: error })
  return error
}

async function openerOf(source: ClosureSource, signal?: AbortSignal): Promise<Opener> {
  const place = placeOf(source)
  if (place.kind === 'machine') {
    const machine = await locateMachineStore(signal)
    return { location: machine, open: roots => openMachine(source, machine, roots, signal) }
  }
  const isHere = place.kind === 'closureInfo' && place.store === undefined
  const location = isHere ? await locateMachineStore(signal) : locateStore('store' in place ? place.store : undefined)
  const { storeDir } = location
  /** All that a source lists is in the closure, and the roots have to be among it. */
  const listed = (name: string, open: () => Closure | Promise<Closure>): Opener => ({
    location,
    async open(roots) {
      const closure = await open()
      checkRoots(closure, roots, name)
      return closure
    },
  })
  switch (place.kind) {
    case 'store':
      return { location, open: roots => localClosure(location, readDatabase(location, roots)) }
    case 'closureInfo':
      return listed(place.folder, () => localClosure(location, readClosureInfo(place.folder, storeDir)))
    case 'caches':
      return { location, open: roots => openCached(source, place.urls, location, roots, signal) }
    case 'exportFile':
      return listed(place.file, () => exportClosure(storeDir, place.file, signal))
    case 'narFiles':
      return listed('the NAR files', () => narFilesClosure(storeDir, place.files, signal))
  }
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
    return await openCached(source, [PUBLIC_CACHE.url], store, roots, signal)
  } catch (error) {
    if (!(error instanceof CacheError)) throw error
    // A user who mistyped a path did not ask for a network.
    const path = error.path ?? roots[0].path
    const [why, ...more] = error.message.split('\n')
    const message = [
      `${path}: neither in the store of this machine (${store.physicalDir}) nor in a cache: ${why}`,
      ...more,
    ]
    throw new CacheError(error.code as CacheErrorCode, error.url, path, message, { cause: error })
  }
}

async function openCached(
  source: ClosureSource,
  urls: readonly string[],
  { storeDir }: StoreLocation,
  roots: readonly StorePath[],
  signal?: AbortSignal,
): Promise<Closure> {
  const trust = {
    publicKeys: source.trustedPublicKeys ?? [PUBLIC_CACHE.publicKey],
    required: source.requireSignatures ?? true,
  }
  const { stallTimeout, filesBelow } = source
  const access = { ...(await credentialsOf(source, urls, 'source')), stallTimeout, filesBelow }
  return cachedClosure(storeDir, roots, { urls, trust, access }, signal)
}
