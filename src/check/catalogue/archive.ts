import type { Rule } from './rule.ts'
import { GNU_TAR, IMPORT_COMPRESS, TAR_UTIL } from './sources.ts'

/** Rules about an archive as a whole and what it is compressed with. */
export const ARCHIVE_RULES = [
  {
    name: 'compression',
    severity: 'error',
    reason: 'systemd reads xz, gzip and bzip2, zstd from 258 on and lz4 from 261 on, told apart by their first bytes',
    source: `${IMPORT_COMPRESS}; NEWS of systemd 258 and 261; src/basic/compress.c`,
  },
  {
    name: 'one-stream',
    severity: 'error',
    reason: 'systemd-import reads one gzip member and never ends if another follows, and fails with bzip2',
    source: `${IMPORT_COMPRESS}, the loops of import_uncompress; seen with systemd 252 and 257`,
    until: 260,
  },
  {
    name: 'trailing-bytes',
    severity: 'error',
    reason: 'bytes behind the compressed data are refused; with gzip, systemd-import up to 257 never ends',
    source: `${IMPORT_COMPRESS}; seen with systemd 252, 257 and 262`,
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
    reason: 'what is missing is missing in the machine, and up to 260 not every importer notices',
    source: 'systemd v252: src/import/import-tar.c asks no decompressor whether it came to its end',
  },
  {
    name: 'corrupt',
    severity: 'error',
    reason: 'what cannot be decompressed or read as a tar archive is not imported',
    source: `${IMPORT_COMPRESS}; ${TAR_UTIL}`,
  },
  {
    name: 'limits',
    severity: 'error',
    reason: 'a check unpacks and keeps only so much, and says nothing of what lies beyond',
    source: 'src/check/limits.ts; libarchive: archive_read_support_format_tar.c, read_body_to_string',
  },
  {
    name: 'size',
    severity: 'error',
    reason: 'pull-tar gives up beyond 64 GiB, compressed or not; import-tar does not',
    source: 'systemd: src/import/pull-job.c, compressed_max and uncompressed_max',
  },
  {
    name: 'end',
    severity: 'error',
    reason: 'an archive ends with two blocks of zeros: without them nobody can tell that it is whole',
    source: 'POSIX.1-2017, pax, "ustar Interchange Format"',
  },
  {
    name: 'trailing-zeros',
    severity: 'warning',
    reason: 'systemd stops to read at the end of the archive, and fails if much more is to be written to it',
    source: `${TAR_UTIL}, tar_x; src/import/import-tar.c`,
    since: 259,
    until: 261,
  },
  {
    name: 'trailing-data',
    severity: 'error',
    reason:
      'up to 258 what follows the end is read as entries, and newer versions refuse what they have not read by then',
    source: `NixOS/nixpkgs#187816, systemd/systemd#16605; ${GNU_TAR}; seen with systemd 262`,
  },
] as const satisfies readonly Rule[]
