import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createMessage, readKey, readSignature, verify } from 'openpgp'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { generateKeyPair, openSigner } from '../../../src/signing/index.ts'
import { needs } from '../../programs.ts'
import { createGnuPG, type GnuPG, verifyAsSystemd } from './gnupg.ts'

const gpg = needs('gpg', 'gpgconf')
const CONTENTS = Buffer.from(`${'0123456789abcdef'.repeat(4)} *web.tar.xz\n`)
const PASSPHRASE = 'open sesame'

/** Makes a key, and gives its fingerprint. */
function makeKey(gnupg: GnuPG, algorithm: string, usage: string, passphrase = ''): string {
  const pass = ['--passphrase', passphrase]
  gnupg.expect([...pass, '--quick-generate-key', 'Jo <jo@example.org>', algorithm, usage, 'never'])
  return fingerprints(gnupg)[0]
}

function fingerprints(gnupg: GnuPG): string[] {
  const listing = gnupg.expect(['--list-secret-keys', '--with-colons']).toString()
  return [...listing.matchAll(/^fpr:+([0-9A-F]{40}):/gm)].map(match => match[1])
}

function writeKey(gnupg: GnuPG, contents: string | Uint8Array): string {
  const file = join(gnupg.home, 'key')
  writeFileSync(file, contents)
  return file
}

afterEach(() => {
  vi.unstubAllEnvs()
})

describe.skipIf(gpg.skip)(`gpg verifies what we sign${gpg.because}`, () => {
  it.each([undefined, PASSPHRASE])('with a key that we have made, passphrase %j', async passphrase => {
    const gnupg = createGnuPG()
    const { secretKey, publicKey, fingerprint } = await generateKeyPair({
      name: 'Jö',
      email: 'jo@example.org',
      passphrase,
    })
    const signer = await openSigner({ keyFile: writeKey(gnupg, secretKey), passphrase })
    const { binary, armored } = await signer.sign(CONTENTS)
    for (const signature of [binary, armored]) {
      const { code, stderr } = verifyAsSystemd(publicKey, signature, CONTENTS)
      expect(stderr).toContain('Good signature from "Jö <jo@example.org>"')
      expect(stderr).not.toMatch(/expired|conflict|revoked|future/)
      expect(code).toBe(0)
      expect(stderr).toContain(fingerprint.toUpperCase())
    }
    // gpg, too, can sign with it.
    gnupg.expect(['--import'], secretKey)
    const theirs = gnupg.expect(['--passphrase', passphrase ?? '', '--detach-sign'], CONTENTS)
    expect(verifyAsSystemd(publicKey, theirs, CONTENTS).code).toBe(0)
  })

  it('and nothing else', async () => {
    const { secretKey, publicKey } = await generateKeyPair({ name: 'Jo' })
    const other = await generateKeyPair({ name: 'Jo' })
    const signer = await openSigner({ keyFile: writeKey(createGnuPG(), secretKey) })
    const { binary, armored } = await signer.sign(CONTENTS)
    const changed = Buffer.from(CONTENTS)
    changed[7] ^= 1
    for (const signature of [binary, armored]) {
      expect(verifyAsSystemd(publicKey, signature, changed).stderr).toContain('BAD signature')
      expect(verifyAsSystemd(publicKey, signature, changed).code).not.toBe(0)
      expect(verifyAsSystemd(other.publicKey, signature, CONTENTS).stderr).toContain('No public key')
      expect(verifyAsSystemd(other.publicKey, signature, CONTENTS).code).not.toBe(0)
    }
    binary[binary.length - 1] ^= 1
    expect(verifyAsSystemd(publicKey, binary, CONTENTS).code).not.toBe(0)
  })

  it.each([
    ['Ed25519', 'ed25519', ''],
    ['Ed25519', 'ed25519', PASSPHRASE],
    ['RSA', 'rsa2048', ''],
    ['RSA', 'rsa2048', PASSPHRASE],
  ])('with a key of its own for %s (%s), passphrase %j', async (_, algorithm, passphrase) => {
    const gnupg = createGnuPG()
    makeKey(gnupg, algorithm, 'sign', passphrase)
    await expectSigns(gnupg, ['--passphrase', passphrase, '--export-secret-keys'], passphrase)
  })

  it.each(['ed25519', 'rsa2048'])('with a subkey of its own, with its primary key or without: %s', async algorithm => {
    const gnupg = createGnuPG()
    const primary = makeKey(gnupg, algorithm, 'cert', PASSPHRASE)
    gnupg.expect(['--passphrase', PASSPHRASE, '--quick-add-key', primary, algorithm, 'sign', 'never'])
    const exporting = ['--passphrase', PASSPHRASE]
    const [, subkey] = fingerprints(gnupg)
    const whole = await expectSigns(gnupg, [...exporting, '--export-secret-keys'], PASSPHRASE)
    const part = await expectSigns(gnupg, [...exporting, '--export-secret-subkeys', `${subkey}!`], PASSPHRASE)
    expect(part).toEqual(whole)
  })

  it('unless the key cannot', async () => {
    const gnupg = createGnuPG()
    makeKey(gnupg, 'ed25519', 'cert')
    const keyFile = writeKey(gnupg, gnupg.expect(['--export-secret-keys']))
    await expect(openSigner({ keyFile })).rejects.toMatchObject({
      code: 'KEY_INVALID',
      message: expect.stringContaining('has no key that may sign'),
    })
  })

  /** Signs with what gpg exports, armored and binary, and has gpg verify it. */
  async function expectSigns(gnupg: GnuPG, exporting: string[], passphrase: string): Promise<Uint8Array> {
    const publicKey = gnupg.expect(['--export'])
    const signatures: Uint8Array[] = []
    for (const form of [[], ['--armor']]) {
      const keyFile = writeKey(gnupg, gnupg.expect([...form, ...exporting]))
      const signer = await openSigner({ keyFile, ...(passphrase !== '' && { passphrase }) })
      const { binary, armored } = await signer.sign(CONTENTS)
      for (const signature of [binary, armored]) {
        const { code, stderr } = verifyAsSystemd(publicKey, signature, CONTENTS)
        expect(stderr).toContain('Good signature')
        expect(code).toBe(0)
      }
      signatures.push(binary)
    }
    expect(signatures[1]).toEqual(signatures[0])
    return signatures[0]
  }
})

describe.skipIf(gpg.skip)(`gpg signs for us${gpg.because}`, () => {
  it.each(['fingerprint', 'key ID', 'mail address'])('with a key given by its %s', async kind => {
    const gnupg = createGnuPG()
    const fingerprint = makeKey(gnupg, 'ed25519', 'sign')
    // What somebody has set for other purposes.
    writeFileSync(join(gnupg.home, 'gpg.conf'), 'armor\n')
    vi.stubEnv('GNUPGHOME', gnupg.home)
    const names: Record<string, string> = { 'key ID': fingerprint.slice(-16), 'mail address': 'jo@example.org' }
    const { binary, armored } = await (await openSigner({ gpg: names[kind] ?? fingerprint })).sign(CONTENTS)
    const armoredKey = gnupg.expect(['--armor', '--export']).toString()
    for (const signature of [
      await readSignature({ binarySignature: binary }),
      await readSignature({ armoredSignature: armored }),
    ]) {
      const message = await createMessage({ binary: new Uint8Array(CONTENTS) })
      const { signatures } = await verify({ message, signature, verificationKeys: await readKey({ armoredKey }) })
      expect(await signatures[0].verified).toBe(true)
      expect(signatures).toHaveLength(1)
    }
    // That of the mail address is in it, and makes its length a multiple of three.
    expect(verifyAsSystemd(armoredKey, armored, CONTENTS)).toMatchObject({ code: 0 })
  })

  it('unless it lacks the key', async () => {
    vi.stubEnv('GNUPGHOME', createGnuPG().home)
    const signer = await openSigner({ gpg: 'jo@example.org' })
    await expect(signer.sign(CONTENTS)).rejects.toMatchObject({
      code: 'GPG_FAILED',
      message: expect.stringMatching(/could not sign with "jo@example\.org".*No secret key/s),
    })
  })
})
