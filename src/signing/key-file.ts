import { readFile } from 'node:fs/promises'
import type { PrivateKey, SecretKeyPacket, Subkey } from 'openpgp'
import { DescriptorsError, withDescriptor } from '../descriptors.ts'
import { readAllKeys } from './armor.ts'
import { SigningError } from './errors.ts'
import type { Signer } from './signer.ts'

/** OpenPGP.js takes as long to load as all the rest. */
const openpgp = () => import('openpgp')

/**
 * Signs with a secret key in a file: the same contents with the same bytes, whenever it does. So the signature bears no clock's
 * time but that of {@link certifiedAt}, and no random notation, which OpenPGP.js adds by default.
 */
export async function keySigner(file: string, passphrase: string | undefined): Promise<Signer> {
  const key = await readKey(file)
  const signing = await signingKeyOf(key, file)
  await unlock(signing.keyPacket as SecretKeyPacket, file, passphrase)
  const { createMessage, enums, sign } = await openpgp()
  const options = {
    signingKeys: key,
    // At another date it might choose another one.
    signingKeyIDs: signing.getKeyID(),
    date: certifiedAt(key, signing),
    config: { nonDeterministicSignaturesViaNotation: false, preferredHashAlgorithm: enums.hash.sha512 },
  }
  return {
    async sign(contents, signal) {
      signal?.throwIfAborted()
      const message = await createMessage({ binary: contents })
      const binary = (await sign({ ...options, message, detached: true, format: 'binary' })) as Uint8Array
      return { binary, armored: await armored(binary) }
    },
  }
}

/**
 * The armor of a signature (RFC 9580, section 6), with the checksum that has become optional: where there is none, GnuPG 2.2
 * takes the last line for more of the signature if what is in front needs no padding (https://dev.gnupg.org/T7071).
 */
export async function armored(signature: Uint8Array): Promise<string> {
  const { armor, enums } = await openpgp()
  return armor(enums.armor.signature, signature, undefined, undefined, undefined, true)
}

/** The one secret key in a file, armored or not. */
async function readKey(file: string): Promise<PrivateKey> {
  const bytes = await withDescriptor(() => readFile(file)).catch(error => {
    if (error instanceof DescriptorsError) throw error
    const isMissing = error.code === 'ENOENT'
    const why = isMissing ? 'is not there; nspawn-rootfs key generate makes one' : `cannot be read (${error.code})`
    throw new SigningError('KEY_UNREADABLE', file, `${file}: ${why}`, { cause: error })
  })
  const keys = await readAllKeys(bytes).catch(cause => {
    const why = 'is not an OpenPGP secret key: give what gpg --export-secret-keys or nspawn-rootfs key generate wrote'
    throw invalid(file, why, cause)
  })
  const secret = keys.filter(key => key.isPrivate())
  if (secret.length === 0) throw invalid(file, 'is a public key, which cannot sign: give the secret one')
  if (secret.length === 1) return secret[0]
  throw invalid(file, `holds ${secret.length} secret keys: export only the one to sign with`)
}

/** OpenPGP.js signs with random numbers for the others, or GnuPG 2.2 does not know them. */
const ALGORITHMS: readonly string[] = ['rsaEncryptSign', 'rsaSign', 'eddsaLegacy']

/** Which of the keys in `key` signs, today. It is there, locked or not. */
async function signingKeyOf(key: PrivateKey, file: string): Promise<PrivateKey | Subkey> {
  const signing = (await key.getSigningKey().catch(cause => {
    const why = `has no key that may sign today, perhaps since it has expired or was revoked: ${cause.message}`
    throw invalid(file, `${why}; give another`, cause)
  })) as PrivateKey | Subkey
  const packet = signing.keyPacket as SecretKeyPacket
  const { algorithm } = packet.getAlgorithmInfo()
  if (packet.version !== 4 || !ALGORITHMS.includes(algorithm)) {
    const what = `is a key of version ${packet.version} for ${algorithm}`
    throw invalid(file, `${what}: give one of version 4 for RSA or EdDSA, or let gpg sign`)
  }
  if (!packet.isMissingSecretKeyMaterial()) return signing
  const id = packet.getKeyID().toHex()
  throw invalid(file, `lacks the secret part of ${id}, which signs: export it where it is, or let gpg sign`)
}

async function unlock(packet: SecretKeyPacket, file: string, passphrase: string | undefined): Promise<void> {
  if (!packet.isDecrypted()) {
    if (passphrase === undefined) {
      throw new SigningError('KEY_LOCKED', file, `${file}: is locked: give its passphrase (--passphrase-file)`)
    }
    await packet.decrypt(passphrase).catch(cause => {
      const message = `${file}: is locked, and the passphrase given does not open it: ${cause.message}`
      throw new SigningError('KEY_LOCKED', file, message, { cause })
    })
  }
  await packet.validate().catch(cause => {
    throw invalid(file, 'is damaged: its secret part does not fit its public part; export it again', cause)
  })
}

/**
 * When all that vouches for the key was there: the last of the times at which it and its subkey were made and certified.
 * Earlier gpg would not take a signature, and later would be another time for each.
 */
function certifiedAt(key: PrivateKey, signing: PrivateKey | Subkey): Date {
  const signatures = [
    ...key.users.flatMap(user => user.selfCertifications),
    ...('bindingSignatures' in signing ? signing.bindingSignatures : []),
  ]
  const times = [key.getCreationTime(), signing.getCreationTime(), ...signatures.map(({ created }) => created)]
  return new Date(Math.max(...times.map(time => time?.getTime() ?? 0)))
}

function invalid(file: string, why: string, cause?: unknown): SigningError {
  return new SigningError('KEY_INVALID', file, `${file}: ${why}`, { cause })
}
