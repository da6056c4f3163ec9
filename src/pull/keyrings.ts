import { access } from 'node:fs/promises'
import { SigningError } from '../signing/index.ts'

/**
 * Where pull-tar has its keys (systemd `src/import/pull-common.c` and `import-common.h`): what the administrator put there, or
 * else what the distribution did. systemd 252 to 257 know .gpg only, from 258 on .pgp comes first.
 */
const SYSTEM_KEYRINGS = [
  '/etc/systemd/import-pubring.pgp',
  '/etc/systemd/import-pubring.gpg',
  '/usr/lib/systemd/import-pubring.pgp',
  '/usr/lib/systemd/import-pubring.gpg',
]

/** The keyring that systemd trusts. Throws `SigningError` KEY_UNREADABLE if there is none. */
export async function systemKeyrings(): Promise<string[]> {
  for (const path of SYSTEM_KEYRINGS) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    )
    if (isThere) return [path]
  }
  const [, path] = SYSTEM_KEYRINGS
  const advice = 'give the public key of whoever publishes the image (--public-key)'
  throw new SigningError('KEY_UNREADABLE', path, `${path}: there is no keyring of trusted keys; ${advice}`)
}
