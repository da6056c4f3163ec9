import { readFile } from 'node:fs/promises'
import { DescriptorsError, withDescriptor } from '../descriptors.ts'
import { SigningError } from './errors.ts'
import { gpgSigner } from './gpg.ts'
import { keySigner } from './key-file.ts'
import type { Signer, SigningKey } from './signer.ts'

/** Opens a key. A key in a file is read and unlocked at once; of one in gpg nothing is asked yet. Rejects with `SigningError`. */
export async function openSigner(key: SigningKey): Promise<Signer> {
  if ('gpg' in key) return gpgSigner(key.gpg)
  const { keyFile, passphrase, passphraseFile } = key
  return keySigner(keyFile, passphraseFile === undefined ? passphrase : await readPassphrase(passphraseFile))
}

async function readPassphrase(file: string): Promise<string> {
  const text = await withDescriptor(() => readFile(file, 'utf8')).catch(error => {
    if (error instanceof DescriptorsError) throw error
    const message = `${file}: the passphrase cannot be read (${error.code})`
    throw new SigningError('KEY_UNREADABLE', file, message, { cause: error })
  })
  return text.replace(/\n$/, '')
}
