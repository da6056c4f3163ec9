import type { Rule } from './rule.ts'
import { GNU_TAR, LIBARCHIVE, TAR_UTIL } from './sources.ts'

/** Rules about the entries of an archive. */
export const ENTRY_RULES = [
  {
    name: 'pax',
    severity: 'error',
    reason: 'a pax header holds records LENGTH KEY=VALUE, and an entry has one header at most',
    source: `POSIX.1-2017, pax, "pax Extended Header"; ${GNU_TAR}; ${LIBARCHIVE}`,
  },
  {
    name: 'pax-global',
    severity: 'error',
    reason: 'a global pax header is refused if it sets what a header of an entry would set',
    source: `${LIBARCHIVE}, since 3.8.10`,
    since: 259,
  },
  {
    name: 'number',
    severity: 'error',
    reason: 'mode, owner, size and time are numbers: tar refuses an entry without',
    source: `POSIX.1-2017, pax, "ustar Interchange Format"; ${GNU_TAR}`,
  },
  {
    name: 'entry-size',
    severity: 'error',
    reason: 'only files have contents, and importers differ about hard links with a size',
    source: `POSIX.1-2017, pax, "ustar Interchange Format", size; ${GNU_TAR}; ${LIBARCHIVE}`,
  },
  {
    name: 'entry-type',
    severity: 'error',
    reason: 'importers make a file of an entry whose type they do not know, and refuse parts of files',
    source: `POSIX.1-2017, pax, "ustar Interchange Format", typeflag; ${GNU_TAR}; ${TAR_UTIL}`,
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
    reason:
      'of two entries the later counts; systemd from 259 on replaces no directory, and nothing by a directory or a hard link',
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
    name: 'symlink',
    severity: 'error',
    reason: 'the target of a symlink has 1 to 4095 bytes',
    source: 'symlink(2), ENOENT and ENAMETOOLONG',
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
    severity: 'error',
    reason:
      'a container has the IDs 0 to 65535: others are lost or folded in its user namespace, and tar refuses those beyond 32 bits',
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
    severity: 'error',
    reason:
      'from 259 on systemd sets attributes without CAP_SYS_ADMIN, and fails at what it may not set; tar passes over that',
    source: `${TAR_UTIL}, open_inode_finalize; xattr(7); systemd/systemd#17563; seen with systemd 262`,
  },
  {
    name: 'acl',
    severity: 'error',
    reason:
      'from 259 on the access control lists of an entry replace its mode and its setuid bit; older versions pass over them',
    source: `${TAR_UTIL}, open_inode_apply_acl; seen with systemd 262`,
  },
  {
    name: 'whiteout',
    severity: 'warning',
    reason: 'the files ".wh.*" of a container layer hide files of other layers; in a machine they are files',
    source: `OCI image-spec, layer.md, "Whiteouts"; ${TAR_UTIL}, TAR_OCI_WHITEOUTS`,
  },
] as const satisfies readonly Rule[]
