/** The systemd versions that this room knows: what `since` and `until` are compared with. */
export const SYSTEMD_VERSIONS = { oldest: 252, newest: 262 } as const

/**
 * How much a finding weighs. An `error` keeps the image from being imported, from booting, or from loading its Nix
 * database. A `warning` does so for some systems, users or uses, or loses something. A `note` is good to know.
 */
export type Severity = 'error' | 'warning' | 'note'

/** A rule that an image keeps or breaks. Plain data. */
export interface Rule {
  /** In kebab case. */
  readonly name: string
  /** The most that a finding of the rule weighs. */
  readonly severity: Severity
  /** What goes wrong where it is broken. */
  readonly reason: string
  /** Where that can be read: manual pages, files of systemd's repository, issues. */
  readonly source: string
  /** The first systemd version that minds; absent for all from 252 on. */
  readonly since?: number
  /** The last one that minds; absent for all so far. */
  readonly until?: number
}

const IMPORT_COMPRESS = 'systemd v252: src/import/import-compress.c'
const TAR_UTIL = 'systemd: src/shared/tar-util.c'
const GNU_TAR = 'GNU tar, which systemd runs up to version 258 (src/import/import-common.c)'
const NSPAWN = 'systemd-nspawn(1), --boot'
const PULL_COMMON = 'systemd: src/import/pull-common.c'

const rules = [
  {
    name: 'compression',
    severity: 'error',
    reason: 'systemd reads xz, gzip and bzip2, and zstd from 258 on, told apart by their first bytes',
    source: `${IMPORT_COMPRESS}; NEWS of systemd 258`,
  },
  {
    name: 'one-stream',
    severity: 'error',
    reason: 'with anything behind the first gzip member systemd-import never ends, and with bzip2 it fails',
    source: `${IMPORT_COMPRESS}, the loops of import_uncompress; seen with systemd 252`,
    until: 260,
  },
  {
    name: 'xz-filter',
    severity: 'warning',
    reason: 'a liblzma that does not know a filter cannot decompress what went through it',
    source: 'NEWS of xz 5.4.0 (ARM64) and 5.6.0 (RISC-V)',
  },
  {
    name: 'truncated',
    severity: 'error',
    reason: 'what is missing is missing in the machine, and not every importer notices',
    source: 'systemd v252: src/import/import-tar.c asks no decompressor whether it came to its end',
  },
  {
    name: 'corrupt',
    severity: 'error',
    reason: 'what cannot be decompressed or read as a tar archive is not imported',
    source: `${IMPORT_COMPRESS}; ${TAR_UTIL}`,
  },
  {
    name: 'size',
    severity: 'error',
    reason: 'pull-tar gives up beyond 64 GiB, compressed or not; import-tar does not',
    source: 'systemd: src/import/pull-job.c, compressed_max and uncompressed_max',
  },
  {
    name: 'end',
    severity: 'warning',
    reason: 'an archive ends with two blocks of zeros; without them nobody can tell that it is whole',
    source: 'POSIX.1-2017, pax, "ustar Interchange Format"',
  },
  {
    name: 'trailing-zeros',
    severity: 'warning',
    reason: 'systemd stops to read at the end of the archive, and fails if much more is to be written to it',
    source: `${TAR_UTIL}, tar_x; src/import/import-tar.c`,
    since: 259,
  },
  {
    name: 'trailing-data',
    severity: 'error',
    reason: 'what follows the end is read as entries: tar --ignore-zeros fails with exit code 2',
    source: `NixOS/nixpkgs#187816, systemd/systemd#16605; ${GNU_TAR}`,
  },
  {
    name: 'entry-type',
    severity: 'warning',
    reason: 'entries of a type that nobody knows are unpacked as files, or not at all',
    source: 'POSIX.1-2017, pax, "ustar Interchange Format", typeflag',
  },
  {
    name: 'path',
    severity: 'error',
    reason: 'a path with ".." is refused, one below a file cannot be made, and a "/" in front is cut off',
    source: `${TAR_UTIL}, archive_entry_pathname_safe; ${GNU_TAR}`,
  },
  {
    name: 'name-length',
    severity: 'error',
    reason: 'a name has up to 255 bytes and a path up to 4095',
    source: 'limits.h, NAME_MAX and PATH_MAX; systemd: src/basic/path-util.c, path_is_valid_full',
  },
  {
    name: 'depth',
    severity: 'error',
    reason: 'systemd refuses trees of more than 127 levels',
    source: `${TAR_UTIL}, DEPTH_MAX`,
    since: 259,
  },
  {
    name: 'duplicate',
    severity: 'error',
    reason: 'the later of two entries replaces the earlier, unless one of them is a directory',
    source: `${TAR_UTIL}, archive_unpack_regular and archive_unpack_directory`,
  },
  {
    name: 'parents',
    severity: 'warning',
    reason: 'a directory that has no entry is made with mode 0700, so that only root can enter it',
    source: `${TAR_UTIL}, tar_x: intermediary nodes`,
    since: 259,
  },
  {
    name: 'order',
    severity: 'note',
    reason: 'a directory that is left is finished: what is put into it later changes its time stamp',
    source: `${TAR_UTIL}, open_inode_finalize`,
    since: 259,
  },
  {
    name: 'through-symlink',
    severity: 'error',
    reason: 'systemd unpacks nothing below what is no directory, and GNU tar nothing below a link that leads out',
    source: `${TAR_UTIL}, tar_x: open_mkdir_at; ${GNU_TAR}`,
    since: 259,
  },
  {
    name: 'hard-link',
    severity: 'error',
    reason: 'a hard link leads to a file of an earlier entry, without ".." and through no symlink',
    source: `${TAR_UTIL}, tar_x: CHASE_PROHIBIT_SYMLINKS; ${GNU_TAR}`,
  },
  {
    name: 'device-node',
    severity: 'warning',
    reason: 'a user may not make device nodes, so importctl --user fails; nspawn brings its own /dev',
    source: `${TAR_UTIL}, archive_unpack_special_inode; systemd-nspawn(1)`,
    since: 259,
  },
  {
    name: 'ids',
    severity: 'warning',
    reason: 'a container has the IDs 0 to 65535: others are lost or folded when its user namespace is set up',
    source: `systemd-nspawn(1), --private-users; ${TAR_UTIL}, maybe_squash_uid`,
  },
  {
    name: 'non-ascii-pax',
    severity: 'warning',
    reason: 'systemd 259.0 refuses names beyond ASCII in pax records; in GNU format it takes them',
    source: 'systemd/systemd#40496, fixed in 259.1',
    since: 259,
    until: 259,
  },
  {
    name: 'xattr',
    severity: 'warning',
    reason: 'a user may not set trusted.*, so importctl --user fails; GNU tar takes SCHILY.xattr.* only',
    source: `${TAR_UTIL}, open_inode_finalize; systemd/systemd#17563`,
  },
  {
    name: 'nested',
    severity: 'note',
    reason: 'a tree that lies in one folder is moved up when it is imported',
    source: 'systemd: src/import/import-common.c, import_mangle_os_tree',
  },
  {
    name: 'os-release',
    severity: 'error',
    reason: 'systemd-nspawn boots no tree without etc/os-release or usr/lib/os-release',
    source: `${NSPAWN}; os-release(5); NixOS/nixpkgs#28833`,
  },
  {
    name: 'usr',
    severity: 'note',
    reason: 'without /usr a machine can only be booted: systemd-nspawn runs no single command in it',
    source: 'systemd-nspawn(1), --directory; systemd: src/nspawn/nspawn.c',
  },
  {
    name: 'init',
    severity: 'error',
    reason:
      'systemd-nspawn executes the first of /usr/lib/systemd/systemd, /lib/systemd/systemd and /sbin/init that it can',
    source: `${NSPAWN}; systemd: src/nspawn/nspawn.c; execve(2)`,
  },
  {
    name: 'init-machine',
    severity: 'error',
    reason: 'a kernel does not execute the programs of another architecture',
    source: 'elf(5), e_machine; execve(2), ENOEXEC',
  },
  {
    name: 'activation',
    severity: 'error',
    reason: 'only the stage-2 script of a NixOS system fills /etc: without it systemd finds no units, and stops',
    source: 'nixpkgs: nixos/modules/system/activation/top-level.nix, nixos/modules/system/boot/stage-2-init.sh',
  },
  {
    name: 'profile',
    severity: 'warning',
    reason: 'what nixos-rebuild switch builds boots next only if init is found through the system profile',
    source: 'NixOS/nixpkgs#228764, NixOS/nixpkgs#231097',
  },
  {
    name: 'container',
    severity: 'warning',
    reason: 'a NixOS system for a host mounts what a container may not, and its next generation wants a boot loader',
    source: 'nixpkgs: nixos/modules/virtualisation/container-config.nix; NixOS/nixpkgs#345899',
  },
  {
    name: 'login',
    severity: 'warning',
    reason: 'machinectl login makes the machine start container-getty@.service, and fails if there is none',
    source: 'machinectl(1), login; systemd: src/machine/machine-dbus.c; NixOS/nixpkgs#480686',
  },
  {
    name: 'registration',
    severity: 'error',
    reason: 'Nix in the machine knows the store paths that nix-path-registration lists, and no others',
    source: 'nix-store --load-db; Nix: src/libstore/local-store.cc, registerValidPaths',
  },
  {
    name: 'sha256-file',
    severity: 'warning',
    reason: 'a NAME.sha256 beside the image is looked at before SHA256SUMS, and must be signed in itself',
    source: `${PULL_COMMON}; seen with systemd 252`,
    until: 257,
  },
  {
    name: 'checksums',
    severity: 'error',
    reason:
      'pull-tar wants a line for the image, and one for its settings: 64 lower-case digits, two spaces, name, newline',
    source: `${PULL_COMMON}, verify_one; systemd/systemd#36058`,
  },
  {
    name: 'signature',
    severity: 'note',
    reason:
      'pull-tar wants a signature unless it is told --verify=checksum: SHA256SUMS.gpg up to 257, that or .asc later',
    source: `machinectl(1), --verify; ${PULL_COMMON}`,
  },
] as const satisfies readonly Rule[]

/** The name of a rule. */
export type RuleName = (typeof rules)[number]['name']

/** All rules, in the order in which an image meets them. */
export const RULES: readonly (Rule & { readonly name: RuleName })[] = rules

const byName = new Map<RuleName, Rule>(RULES.map(rule => [rule.name, rule]))

/** The rule of a name. */
export function ruleOf(name: RuleName): Rule {
  return byName.get(name)!
}
