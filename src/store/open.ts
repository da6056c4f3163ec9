import { CacheError, PUBLIC_CACHE } from '../binary-cache/index.ts'
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

/**
 * Where a closure comes from. Without any field: the store of this machine, which is the one that Nix is set to use, asked
 * through Nix or its database; or, if that says that it has none of the roots, https://cache.nixos.org.
 */
export interface ClosureSource {
  /** A folder that nixpkgs' closureInfo made: every path it lists is in the closure. */
  readonly closureInfo?: string
  /** The folder that stands for `/` of a store elsewhere on disk: its files are in `DIR/nix/store`. Default `/`. */
  readonly store?: string
  /** URLs of binary caches, `https:`, `http:` or `file:`. They are asked in the order of their priorities. */
  readonly caches?: readonly string[]
  /**
   * Public keys, `NAME:BASE64`, whose signatures are believed; one text may hold several, with blanks between them as in a
   * nix.conf. Default: that of cache.nixos.org.
   */
  readonly trustedPublicKeys?: readonly string[]
  /** Whether what a cache says of a store path has to be signed, or follow from its content address. Default true. */
  readonly requireSignatures?: boolean
  /** A netrc file with users and passwords for the caches, or its text. */
  readonly netrcFile?: string
  readonly netrcText?: string
  /** A file with a bearer token for all the caches. */
  readonly tokenFile?: string
  /** Bearer tokens, each sent to no other origin (scheme, host and port) than that of its URL. */
  readonly tokens?: readonly { readonly url: string; readonly token: string }[]
  /**
   * Milliseconds without a byte after which a cache is asked again, and after five times given up. One that is busy is given
   * up after nine times as long without any success; one that nobody has reached, after half as long again. Default 20 000.
   */
  readonly stallTimeout?: number
  /** A file that `nix-store --export` wrote: every path in it is in the closure. */
  readonly exportFile?: string
  /** Files with the NARs of single store paths (`.nar`, `.nar.xz`, …), by store path: all of them are in the closure. */
  readonly narFiles?: Readonly<Record<string, string>>
}

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
    throw new CacheError(error.code, error.url, path, message, { cause: error })
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
