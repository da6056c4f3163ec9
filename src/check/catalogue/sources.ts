/** Where rules can be read that several of them have in common. */
export const IMPORT_COMPRESS = 'systemd v252: src/import/import-compress.c'
export const TAR_UTIL = 'systemd: src/shared/tar-util.c'
export const GNU_TAR = 'GNU tar, which systemd runs up to version 258 (src/import/import-common.c)'
export const LIBARCHIVE = 'libarchive, which systemd uses from 259 on: archive_read_support_format_tar.c'
export const NSPAWN = 'systemd-nspawn(1), --boot'
export const PULL_COMMON = 'systemd: src/import/pull-common.c'
