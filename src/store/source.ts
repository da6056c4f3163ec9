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
