import { gpgSigner } from './gpg.ts'
import { keySigner } from './key-file.ts'
import type { Signer, SigningKey } from './signer.ts'

/** Opens a key. A key in a file is read and unlocked at once; of one in gpg nothing is asked yet. Rejects with `SigningError`. */
export async function openSigner(key: SigningKey): Promise<Signer> {
  return 'gpg' in key ? gpgSigner(key.gpg) : keySigner(key.keyFile, key.passphrase)
}
