import { readKey, readPrivateKey } from 'openpgp'
import { describe, expect, it } from 'vitest'
import { generateKeyPair, openSigner } from '../../../src/signing/index.ts'
import { keyFile, verifiedDate } from './keys.ts'

const CONTENTS = Buffer.from('a line\n')

describe('generateKeyPair', () => {
  it('makes a key of version 4 for EdDSA that only signs, and never expires', async () => {
    const { secretKey, publicKey, fingerprint } = await generateKeyPair({ name: 'Jo Doe', email: 'jo@example.org' })
    const key = await readPrivateKey({ armoredKey: secretKey })
    expect(key.getUserIDs()).toEqual(['Jo Doe <jo@example.org>'])
    expect(key.keyPacket.version).toBe(4)
    expect(key.getAlgorithmInfo()).toMatchObject({ algorithm: 'eddsaLegacy', curve: 'ed25519Legacy' })
    expect(key.subkeys).toEqual([])
    expect(await key.getExpirationTime()).toBe(Number.POSITIVE_INFINITY)
    await expect(key.getEncryptionKey()).rejects.toThrow()
    expect(key.isDecrypted()).toBe(true)
    const shared = await readKey({ armoredKey: publicKey })
    expect(shared.isPrivate()).toBe(false)
    expect([key.getFingerprint(), shared.getFingerprint()]).toEqual([fingerprint, fingerprint])
    expect(fingerprint).toMatch(/^[0-9a-f]{40}$/)
  })

  it('makes keys that sign, locked or not', async () => {
    for (const passphrase of [undefined, 'open sesame']) {
      const { secretKey, publicKey } = await generateKeyPair({ name: 'Jö', passphrase })
      expect((await readPrivateKey({ armoredKey: secretKey })).isDecrypted()).toBe(passphrase === undefined)
      const signer = await openSigner({ keyFile: keyFile(secretKey), passphrase })
      const { binary } = await signer.sign(CONTENTS)
      await verifiedDate(binary, CONTENTS, publicKey)
    }
  })

  it('makes another key each time', async () => {
    const [one, other] = await Promise.all([generateKeyPair({ name: 'Jo' }), generateKeyPair({ name: 'Jo' })])
    expect(one.fingerprint).not.toBe(other.fingerprint)
  })

  it.each([
    [{ name: '' }, /give a name/],
    [{ name: ' ' }, /give a name/],
    [{ name: 'Jo\nDoe' }, /give a name in one line/],
    [{ name: 'Jo <mallory@example.org>' }, /without < and >/],
    [{ name: 'Jo', email: 'example.org' }, /check the mail address "example\.org"/],
    [{ name: 'Jo', email: 'a@b.org> <c@d.org' }, /check the mail address/],
    [{ name: 'Jo', passphrase: '' }, /passphrase is empty/],
  ])('refuses %j', async (owner, message) => {
    const error = {
      name: 'SigningError',
      code: 'OWNER_INVALID',
      key: owner.name,
      message: expect.stringMatching(message),
    }
    await expect(generateKeyPair(owner)).rejects.toMatchObject(error)
  })
})
