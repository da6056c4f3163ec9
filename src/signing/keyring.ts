/**
 * Public keys in a file, in each form that GnuPG writes: packets (RFC 9580, section 10.1), armored or not, and a keybox, which
 * is what `gpg --keyring FILE --import` makes where there is no file yet.
 */
import { readFile } from 'node:fs/promises'
import type { Key } from 'openpgp'
import { DescriptorsError, withDescriptor } from '../descriptors.ts'
import { readAllKeys } from './armor.ts'
import { SigningError } from './errors.ts'

/** Reads the public keys in a file. Rejects with `SigningError` KEY_UNREADABLE and KEY_INVALID. */
export async function readKeyring(file: string): Promise<Key[]> {
  const bytes = await withDescriptor(() => readFile(file)).catch(error => {
    if (error instanceof DescriptorsError) throw error
    const why = error.code === 'ENOENT' ? 'is not there' : `cannot be read (${error.code})`
    throw new SigningError('KEY_UNREADABLE', file, `${file}: ${why}; give a file with public keys`, { cause: error })
  })
  const { readKeys } = await import('openpgp')
  try {
    if (!isKeybox(bytes)) return await readAllKeys(bytes)
    const keys = await Promise.all(packetsOf(bytes).map(binaryKeys => readKeys({ binaryKeys })))
    return keys.flat()
  } catch (cause) {
    const message = `${file}: holds no OpenPGP public keys: give what gpg --export or nspawn-rootfs key generate wrote`
    throw new SigningError('KEY_INVALID', file, message, { cause })
  }
}

/** A keybox begins with a blob of its own, which has this at offset 8 (GnuPG `kbx/keybox-blob.c`). */
const KEYBOX_MAGIC = 'KBXf'

/** The type of a blob that holds OpenPGP packets. */
const OPENPGP_BLOB = 2

function isKeybox(bytes: Buffer): boolean {
  return bytes.toString('latin1', 8, 12) === KEYBOX_MAGIC
}

/**
 * The packets in each blob of a keybox, all numbers big-endian:
 *
 *     0  size of the blob    4  type    8  offset of the packets in the blob    12  their size
 */
function packetsOf(bytes: Buffer): Uint8Array[] {
  const keys: Uint8Array[] = []
  for (let at = 0; at + 16 <= bytes.length; ) {
    const size = bytes.readUInt32BE(at)
    if (size < 16 || at + size > bytes.length) throw new Error(`the blob at byte ${at} is cut off`)
    if (bytes[at + 4] === OPENPGP_BLOB) {
      const start = bytes.readUInt32BE(at + 8)
      const end = start + bytes.readUInt32BE(at + 12)
      if (end > size) throw new Error(`the packets of the blob at byte ${at} are cut off`)
      keys.push(new Uint8Array(bytes.subarray(at + start, at + end)))
    }
    at += size
  }
  return keys
}
