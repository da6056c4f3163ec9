/**
 * The kind of a store path, guessed by its name alone, as the contents are not read: packages bear these names in nixpkgs and in
 * Debian. The first rule that fits counts.
 */

/** A kind of store paths, in the order of the legend. */
export const KINDS = [
  'Programs',
  'Libraries',
  'Interpreters and modules',
  'Kernel and firmware',
  'Data',
  'Documentation and headers',
  'System and settings',
] as const

/** The name of the kind for everything that is not a store path. */
export const NO_KIND = 'Not in the store'

type Kind = (typeof KINDS)[number]

const RULES: readonly (readonly [RegExp, Kind])[] = [
  [/^nixos-system-|\.(service|socket|timer|target|mount|conf|sh|rules|json|ya?ml)$/, 'System and settings'],
  [/-(dev|devdoc|doc|man|info|bin-doc|headers)$|-(doc|dev|man)-\d|-manual\b/, 'Documentation and headers'],
  [/^linux-(\d|image|modules)|^initrd|firmware|microcode/, 'Kernel and firmware'],
  [/locales?\b|tzdata|fonts?\b|-icons?\b|icon-theme|iana-etc|cacert|shared-mime|hwdata|terminfo|misc-data/, 'Data'],
  [
    /^(lib)?(perl|python|ruby|lua|php|nodejs|guile|tcl|ocaml|ghc|openjdk)(?=[\d.-])|-(perl|python3?)-/,
    'Interpreters and modules',
  ],
  [/^lib|-libs?(-\d.*)?$|^(glibc|gcc-.*-lib|zlib|openssl|ncurses|readline|icu4c|gmp)\b/, 'Libraries'],
  [/-\d/, 'Programs'],
]

/** The kind of a store path with this name, as its place in {@link KINDS}. */
export function kindOf(name: string): number {
  const rule = RULES.find(([pattern]) => pattern.test(name))
  // Packages have versions; what NixOS makes for one system has none.
  return KINDS.indexOf(rule?.[1] ?? 'System and settings')
}
