import type { Rule } from './rule.ts'
import { PULL_COMMON } from './sources.ts'

/** Rules about what lies beside an image. */
export const DELIVERY_RULES = [
  {
    name: 'sha256-file',
    severity: 'error',
    reason:
      'a NAME.sha256 beside the image is looked at in place of SHA256SUMS: up to 257 it must be signed in itself, and it lists no settings',
    source: `${PULL_COMMON}; seen with systemd 252, 257 and 262`,
  },
  {
    name: 'checksums',
    severity: 'error',
    reason:
      'pull-tar wants a line for the image, and one for its settings: 64 lower-case digits, two spaces, name, newline; in up to 1 MiB',
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
