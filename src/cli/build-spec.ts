import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { type ClosureSource, conflictIn, PLACE_FIELDS, placeOf } from '../closure-source.ts'
import { reasonOf } from '../disk/index.ts'
import { define, type ImageSpec, type RestrictionOptions, readOverlay, type System } from '../index.ts'
import { isHttp } from '../is-http.ts'
import type { CacheFlags } from './cache.ts'
import { type CompressionFlags, compressionOver } from './compression-flags.ts'
import { UsageError } from './usage.ts'

/** Options for signing. */
export interface SigningFlags {
  signKey?: string
  signGpg?: string
  passphraseFile?: string
}

/** The options of `build`, as commander names them. */
export interface BuildFlags extends SigningFlags, CacheFlags, CompressionFlags {
  toplevel?: string
  etcNixos?: string
  root?: string[]
  closureInfo?: string
  store?: string[]
  trustedPublicKey?: string[]
  requireSignatures: boolean
  netrcFile?: string
  tokenFile?: string
  export?: string
  nar?: (readonly [path: string, file: string])[]
  name?: string
  system?: System
  workers?: number
  nspawn?: string
  set?: Record<string, string>
  restrict?: string
  allowServer?: string[]
  out?: string
  stdout?: true
  json?: true
}

/** The spec of a declaration and options; options override it. Throws `UsageError`, `SpecError`. */
export async function specOf(file: string | undefined, flags: BuildFlags): Promise<ImageSpec> {
  const asked = askedFor(flags)
  const restrict = restrictionOf(flags, flags.store)
  const declared =
    file === undefined ? {} : await define(file, { set: flags.set, restrict, allowNoClosure: givesPaths(flags) })
  return {
    ...declared,
    ...asked,
    ...compressionOver(declared, flags, file),
    entries: await entriesOf(declared, flags),
    source: mergeSources(declared.source, sourceOf(flags)),
  }
}

/** The restrictions on a declaration, by the options; `undefined` for none. `stores` are those that the options name. */
export function restrictionOf(
  { restrict, allowServer = [] }: Pick<BuildFlags, 'restrict' | 'allowServer'>,
  stores: readonly string[] = [],
): RestrictionOptions | undefined {
  if (restrict !== undefined) return { folder: restrict, servers: [...allowServer, ...stores.filter(isUrl)] }
  if (allowServer.length > 0) throw new UsageError('--allow-server: is for --restrict, without which all are allowed')
  return undefined
}

/** The declared entries, where the folder of an option replaces those below /etc/nixos. */
async function entriesOf({ entries = [] }: ImageSpec, { etcNixos }: BuildFlags): Promise<ImageSpec['entries']> {
  if (etcNixos === undefined) return entries
  const others = entries.filter(({ path }) => !`${path}/`.startsWith('/etc/nixos/'))
  return [...others, ...(await readOverlay(etcNixos, '/etc/nixos', '--etc-nixos'))]
}

/** The part of a spec that options give. */
function askedFor(flags: BuildFlags): ImageSpec {
  const { toplevel, root, name, system, nspawn } = flags
  const spec = {
    toplevel,
    roots: root,
    name,
    system,
    nspawn: nspawn === undefined ? undefined : readOptionFile('--nspawn', nspawn),
    signing: signingOf(flags),
  }
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined))
}

/** The signer, by the options. Throws `UsageError`. */
export function signingOf({ signKey, signGpg, passphraseFile }: SigningFlags): ImageSpec['signing'] {
  if (signKey !== undefined && signGpg !== undefined)
    throw new UsageError('--sign-key and --sign-gpg: give one of them')
  if (passphraseFile !== undefined && signKey === undefined)
    throw new UsageError('--passphrase-file: is for --sign-key')
  if (signGpg !== undefined) return { gpg: signGpg }
  if (signKey === undefined) return undefined
  return { keyFile: signKey, passphraseFile: optionFile('--passphrase-file', passphraseFile) }
}

/** A source given by options replaces the declared one, whatever its kind. Other options replace the same keys. */
function mergeSources(declared: ClosureSource = {}, asked: ClosureSource): ClosureSource {
  const given = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined))
  const isPlaceAsked = PLACE_FIELDS.some(place => asked[place] !== undefined)
  const replaced: readonly string[] = [
    // The restriction is on the caches of the declaration.
    ...(isPlaceAsked ? [...PLACE_FIELDS, 'filesBelow'] : []),
    ...(asked.netrcFile === undefined ? [] : ['netrcText']),
    ...(asked.tokenFile === undefined ? [] : ['tokens']),
  ]
  const kept = Object.entries(declared).filter(([key]) => !replaced.includes(key))
  return { ...Object.fromEntries(kept), ...given }
}

/** Whether NARs are unpacked: those of a cache, of files, or of a cache for what no store here has. */
export function unpacksNars({ toplevel, roots = [], source = {} }: ImageSpec): boolean {
  const { kind } = placeOf(source)
  if (kind === 'machine') return ![toplevel, ...roots].some(path => path !== undefined && existsSync(path))
  return kind === 'caches' || kind === 'exportFile' || kind === 'narFiles'
}

/** Throws `UsageError` for options that exclude each other. */
export function checkFlags(file: string | undefined, flags: BuildFlags): void {
  if (file === undefined && flags.set !== undefined) throw new UsageError('--set: is for a FILE; give one')
  if (file === undefined && flags.restrict !== undefined) throw new UsageError('--restrict: is for a FILE; give one')
  if (file === undefined && !givesPaths(flags)) {
    throw new UsageError('nothing to build: give a FILE, --toplevel or --root, or --closure-info, --export or --nar')
  }
  if (flags.stdout && flags.out !== undefined) throw new UsageError('--stdout and --out: give one of them')
  if (flags.stdout && flags.nspawn !== undefined) {
    throw new UsageError('--nspawn goes into a file beside the image: it cannot be given with --stdout')
  }
  if (flags.stdout && process.stdout.isTTY) {
    throw new UsageError('an image is not for a terminal: redirect standard output, or give --out')
  }
  // Without the declaration, which may declare the format: what contradicts itself is refused before the file is read.
  if (file === undefined || flags.format !== undefined) compressionOver({}, flags)
}

/** Whether options give store paths to build. */
function givesPaths({ toplevel, root, closureInfo, export: exportFile, nar }: BuildFlags): boolean {
  return (toplevel ?? root ?? closureInfo ?? exportFile ?? nar) !== undefined
}

/** The options that say where a closure comes from. */
const PLACE_OPTIONS = ['--store DIR or --closure-info', '--store URL', '--export', '--nar']

/** The source of the closure, by the options. */
function sourceOf(flags: BuildFlags): ClosureSource {
  const { store = [], closureInfo, export: exportFile, nar } = flags
  const folders = store.filter(place => !isUrl(place))
  const urls = store.filter(isUrl)
  if (folders.length > 1 || (folders.length > 0 && urls.length > 0)) {
    throw new UsageError('--store: give one folder, or one or more URLs of binary caches')
  }
  // Without the URL, in which a password may stand.
  if (urls.some(url => isHttp(url) && !URL.canParse(url))) {
    throw new UsageError('--store: not a valid URL; give a folder, or a URL such as https://cache.example.org')
  }
  const places: ClosureSource = {
    closureInfo,
    store: folders[0],
    caches: urls.length > 0 ? urls : undefined,
    exportFile,
    narFiles: nar && Object.fromEntries(nar),
  }
  const conflict = conflictIn(places, PLACE_OPTIONS)
  if (conflict !== undefined) throw new UsageError(conflict)
  if (flags.tokenFile !== undefined && !urls.some(isHttp)) {
    throw new UsageError('--token-file: is for a --store URL that begins with https:// or http://; give one')
  }
  return {
    ...places,
    trustedPublicKeys: flags.trustedPublicKey,
    requireSignatures: flags.requireSignatures ? undefined : false,
    netrcFile: optionFile('--netrc-file', flags.netrcFile),
    tokenFile: optionFile('--token-file', flags.tokenFile),
  }
}

function isUrl(place: string): boolean {
  return /^[a-z][a-z0-9+.-]*:/i.test(place)
}

/** The file of an option, which must exist. */
function optionFile(option: string, file: string | undefined): string | undefined {
  if (file !== undefined) attempt(option, file, () => accessSync(file, constants.R_OK))
  return file
}

function readOptionFile(option: string, file: string): Uint8Array {
  return attempt(option, file, () => readFileSync(file))
}

/** Runs a step with the file of an option, and names both in its errors. */
function attempt<T>(option: string, file: string, step: () => T): T {
  try {
    return step()
  } catch (error) {
    throw new UsageError(`${option}: ${file}: ${reasonOf(error)}; give a file that you can read`)
  }
}
