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
   * Public keys, `NAME:BASE64`, whose signatures are trusted; one text may hold several, with blanks between them as in a
   * nix.conf. Default: that of cache.nixos.org.
   */
  readonly trustedPublicKeys?: readonly string[]
  /** Whether a cache's record of a store path must be signed, or follow from its content address. Default true. */
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
  /**
   * A folder, by its real path, that all files of `file:` caches have to lie below, symlinks followed. They may then name no
   * server. `define` sets it for a restricted declaration. Default: they may be anywhere.
   */
  readonly filesBelow?: string
  /** A file that `nix-store --export` wrote: every path in it is in the closure. */
  readonly exportFile?: string
  /** Files with the NARs of single store paths (`.nar`, `.nar.xz`, …), by store path: all of them are in the closure. */
  readonly narFiles?: Readonly<Record<string, string>>
}

/** The one place that a closure comes from. */
type ClosurePlace =
  /** The store of this machine, or the public cache. */
  | { readonly kind: 'machine' }
  | { readonly kind: 'store'; readonly store: string }
  /** A list of store paths in the store of this machine, or in another one. */
  | { readonly kind: 'closureInfo'; readonly folder: string; readonly store?: string }
  | { readonly kind: 'caches'; readonly urls: readonly string[] }
  | { readonly kind: 'exportFile'; readonly file: string }
  | { readonly kind: 'narFiles'; readonly files: Readonly<Record<string, string>> }

/** The fields of a source that say where it is. */
export const PLACE_FIELDS = ['store', 'closureInfo', 'caches', 'exportFile', 'narFiles'] as const

/** Says which fields of a source exclude each other; `undefined` if none do. `names` are those of its places. */
export function conflictIn(
  { store, closureInfo, caches, exportFile, narFiles }: ClosureSource,
  names: readonly string[] = ['store or closureInfo', 'caches', 'exportFile', 'narFiles'],
): string | undefined {
  const places = [store ?? closureInfo, caches, exportFile, narFiles]
  const given = names.filter((_, i) => places[i] !== undefined)
  return given.length > 1 ? `${given.join(' and ')}: a closure comes from one of them` : undefined
}

/** Whether a source lists the store paths of its closure, so that no roots are needed. */
export function listsPaths({ closureInfo, exportFile, narFiles }: ClosureSource): boolean {
  return (closureInfo ?? exportFile ?? narFiles) !== undefined
}

/** The place of a source. Throws `TypeError` if it names several. */
export function placeOf(source: ClosureSource): ClosurePlace {
  const conflict = conflictIn(source)
  if (conflict !== undefined) throw new TypeError(`source: ${conflict}`)
  const { store, closureInfo, caches, exportFile, narFiles } = source
  if (closureInfo !== undefined) return { kind: 'closureInfo', folder: closureInfo, store }
  if (store !== undefined) return { kind: 'store', store }
  if (caches !== undefined) return { kind: 'caches', urls: caches }
  if (exportFile !== undefined) return { kind: 'exportFile', file: exportFile }
  if (narFiles !== undefined) return { kind: 'narFiles', files: narFiles }
  return { kind: 'machine' }
}
