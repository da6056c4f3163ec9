import { objectOf, text } from '../arguments.ts'
import { SigningError } from './errors.ts'

/** Whose key it is. */
export interface KeyOwner {
  readonly name: string
  readonly email?: string
  /** Locks the secret key. Default: it is not locked. */
  readonly passphrase?: string
}

/** A new key, armored. */
export interface KeyPair {
  readonly secretKey: string
  readonly publicKey: string
  /** Lower-case base 16. */
  readonly fingerprint: string
}

const checkOwner = objectOf({ name: text, email: text, passphrase: text }, ['name'])

/**
 * Makes a key that can sign, and nothing else: version 4, EdDSA on Curve25519, which GnuPG 2.2 and newer take. It does not
 * expire. Two calls make two keys. Rejects with `SigningError` OWNER_INVALID.
 */
export async function generateKeyPair(owner: KeyOwner): Promise<KeyPair> {
  checkOwner(owner, 'owner')
  const { name, email, passphrase } = owner
  const refuse = (why: string, cause?: unknown): never => {
    throw new SigningError('OWNER_INVALID', name, `no key can be made for ${JSON.stringify(name)}: ${why}`, { cause })
  }
  // A user ID is NAME <MAIL> by convention (RFC 9580, section 5.11), which a name must not break.
  if (name.trim() === '' || /[\p{Cc}<>]/u.test(name)) refuse('give a name in one line, without < and >')
  if (passphrase === '') refuse('its passphrase is empty: give another, or none for a key that is not locked')
  const { generateKey } = await import('openpgp')
  const { privateKey, publicKey } = await generateKey({
    type: 'ecc',
    curve: 'ed25519Legacy',
    subkeys: [],
    userIDs: { name, email },
    passphrase,
    format: 'object',
    config: { v6Keys: false, aeadProtect: false },
  }).catch(cause => refuse(`${cause.message}; check the mail address ${JSON.stringify(email)}`, cause))
  return { secretKey: privateKey.armor(), publicKey: publicKey.armor(), fingerprint: publicKey.getFingerprint() }
}
