import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { generateKeyPair, openVerifier } from '../../../src/signing/index.ts'
import { needs } from '../../programs.ts'
import { createGnuPG, type GnuPG, verifyAsSystemd } from './gnupg.ts'

const gpg = needs('gpg', 'gpgconf')
const CONTENTS = Buffer.from(`${'0123456789abcdef'.repeat(4)}  web.tar.xz\n`)

/** Makes a key that can sign, and gives its fingerprint. */
function makeKey(gnupg: GnuPG, algorithm: string, expires = 'never'): string {
  gnupg.expect(['--quick-generate-key', 'Jo <jo@example.org>', algorithm, 'sign', expires])
  const listing = gnupg.expect(['--list-secret-keys', '--with-colons']).toString()
  return /^fpr:+([0-9A-F]{40}):/m.exec(listing)![1]!.toLowerCase()
}

describe.skipIf(gpg.skip)(`what gpg signs${gpg.because}`, () => {
  it.each(['ed25519', 'rsa2048', 'nistp256'])(
    'with a key for %s is verified by each form of a keyring',
    async algorithm => {
      const gnupg = createGnuPG()
      const fingerprint = makeKey(gnupg, algorithm)
      const file = (name: string, contents: Uint8Array | string) => {
        const path = join(gnupg.home, name)
        writeFileSync(path, contents)
        return path
      }
      const stranger = await generateKeyPair({ name: 'stranger' })
      const binary = gnupg.expect(['--export'])
      // What `gpg --keyring FILE --import` makes: a keybox, here with two keys.
      const keybox = join(gnupg.home, 'keyring.kbx')
      const inKeybox = ['--no-default-keyring', `--keyring=${keybox}`]
      gnupg.expect([...inKeybox, '--import'], stranger.publicKey)
      gnupg.expect([...inKeybox, '--import'], binary)
      expect(readFileSync(keybox).toString('latin1', 8, 12)).toBe('KBXf')
      const keyrings = [
        file('binary', binary),
        file('armored', gnupg.expect(['--armor', '--export'])),
        // What `cat old.asc new.asc` makes, with text around them as gpg takes it.
        file('blocks', `old:\n${stranger.publicKey}new:\n${gnupg.expect(['--armor', '--export'])}`),
        // The old form of a keyring: packets one after the other.
        file('packets', Buffer.concat([Buffer.from(await binaryOf(stranger.publicKey, gnupg)), binary])),
        keybox,
      ]
      for (const armor of [[], ['--armor']]) {
        const signature = gnupg.expect([...armor, '--detach-sign'], CONTENTS)
        for (const keyring of keyrings) {
          const verifier = await openVerifier([keyring])
          expect(await verifier.verify(CONTENTS, signature)).toMatchObject({ fingerprint })
          expect(await verifier.verify(Buffer.from('another'), signature)).toBeTypeOf('string')
        }
        const others = await openVerifier([file('other', Buffer.from(stranger.publicKey))])
        expect(await others.verify(CONTENTS, signature)).toBeTypeOf('string')
      }
    },
  )

  it('tells when', async () => {
    const gnupg = createGnuPG()
    makeKey(gnupg, 'ed25519')
    const keyring = join(gnupg.home, 'key')
    writeFileSync(keyring, gnupg.expect(['--export']))
    const before = Date.now()
    const signature = gnupg.expect(['--detach-sign'], CONTENTS)
    const result = await (await openVerifier([keyring])).verify(CONTENTS, signature)
    if (typeof result === 'string' || !('signedAt' in result)) throw new Error(JSON.stringify(result))
    expect(Math.abs(result.signedAt.getTime() - before)).toBeLessThan(60_000)
  })

  it('with a key that was revoked since is refused, though systemd has gpg take it', async () => {
    const gnupg = createGnuPG()
    const fingerprint = makeKey(gnupg, 'ed25519').toUpperCase()
    const signature = gnupg.expect(['--detach-sign'], CONTENTS)
    gnupg.expect(['--import'], revocationOf(gnupg, fingerprint))
    const publicKey = gnupg.expect(['--export'])
    const keyring = join(gnupg.home, 'revoked')
    writeFileSync(keyring, publicKey)
    expect(await (await openVerifier([keyring])).verify(CONTENTS, signature)).toMatch(/revoked/)
    expect(verifyAsSystemd(publicKey, signature, CONTENTS).code).toBe(0)
  })

  it.each(['revoked', 'renewed'])('with a key that one of two copies says is %s, as gpg takes both', async change => {
    const gnupg = createGnuPG()
    const past = ['--faked-system-time', '20250101T000000']
    const generate = ['--quick-generate-key', 'Jo <jo@example.org>', 'ed25519', 'sign']
    gnupg.expect(change === 'renewed' ? [...past, ...generate, '1y'] : generate)
    const listing = gnupg.expect(['--list-secret-keys', '--with-colons']).toString()
    const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listing)![1]!
    const old = gnupg.expect(['--export'])
    if (change === 'renewed') gnupg.expect(['--quick-set-expire', fingerprint, '20y'])
    const signature = gnupg.expect(['--detach-sign'], CONTENTS)
    if (change === 'revoked') gnupg.expect(['--import'], revocationOf(gnupg, fingerprint))
    const copies = [old, gnupg.expect(['--export'])]
    const files = copies.map((key, i) => {
      const file = join(gnupg.home, `copy-${i}`)
      writeFileSync(file, key)
      return file
    })
    const both = join(gnupg.home, 'both')
    writeFileSync(both, Buffer.concat(copies))
    const importer = createGnuPG()
    importer.expect(['--import'], Buffer.concat(copies))
    const signed = join(importer.home, 'signature')
    writeFileSync(signed, signature)
    const { stderr } = importer.run(['--verify', signed, '-'], CONTENTS)
    expect(stderr).toContain('Good signature')
    expect(stderr.includes('This key has been revoked')).toBe(change === 'revoked')
    for (const keyrings of [files, files.toReversed(), [both]]) {
      const verification = await (await openVerifier(keyrings)).verify(CONTENTS, signature)
      if (change === 'renewed') expect(verification).toMatchObject({ fingerprint: fingerprint.toLowerCase() })
      else expect(verification).toMatch(/revoked/)
    }
  })

  it('in armor may have text around it, and other signatures, but no other block', async () => {
    const [gnupg, other] = [createGnuPG(), createGnuPG()]
    const fingerprint = makeKey(gnupg, 'ed25519')
    makeKey(other, 'ed25519')
    const keyring = join(gnupg.home, 'key')
    writeFileSync(keyring, gnupg.expect(['--export']))
    const verifier = await openVerifier([keyring])
    const sign = (by: GnuPG, how = '--detach-sign') => by.expect(['--armor', how], CONTENTS).toString()
    const [own, foreign] = [sign(gnupg), sign(other)]
    for (const signature of [`\n${own}`, `By Jo:\r\n${own}`, `${own}${own}`, `${own}and\n${own}`]) {
      expect(await verifier.verify(CONTENTS, Buffer.from(signature))).toMatchObject({ fingerprint })
      expect(gpgAccepts(gnupg, Buffer.from(signature))).toBe(true)
    }
    for (const signature of [foreign + own, own + foreign]) {
      expect(await verifier.verify(CONTENTS, Buffer.from(signature))).toMatchObject({ fingerprint })
    }
    const key = gnupg.expect(['--armor', '--export']).toString()
    for (const signature of [key + own, own + key, sign(gnupg, '--clearsign')]) {
      expect(await verifier.verify(CONTENTS, Buffer.from(signature))).toMatch(/damaged/)
      expect(gpgAccepts(gnupg, Buffer.from(signature))).toBe(false)
    }
  })

  it('is refused where it is damaged or cut', async () => {
    const gnupg = createGnuPG()
    makeKey(gnupg, 'ed25519')
    const keyring = join(gnupg.home, 'key')
    writeFileSync(keyring, gnupg.expect(['--export']))
    const verifier = await openVerifier([keyring])
    const signature = gnupg.expect(['--detach-sign'], CONTENTS)
    for (let i = 0; i < signature.length; i += 7) {
      const damaged = Buffer.from(signature)
      damaged[i]! ^= 0x20
      // The part that is not signed may change.
      const code = gpgAccepts(gnupg, damaged)
      if (!code) expect(await verifier.verify(CONTENTS, damaged), `byte ${i}`).toBeTypeOf('string')
      expect(await verifier.verify(CONTENTS, signature.subarray(0, i)), `${i} bytes`).toBeTypeOf('string')
    }
  })
})

/** The revocation that gpg has made with a key. */
function revocationOf(gnupg: GnuPG, fingerprint: string): string {
  const revocation = readFileSync(join(gnupg.home, 'openpgp-revocs.d', `${fingerprint}.rev`), 'utf8')
  return revocation.replace(/^:-----/m, '-----')
}

/** Whether gpg takes a signature of {@link CONTENTS} by its own key. */
function gpgAccepts(gnupg: GnuPG, signature: Uint8Array): boolean {
  const file = join(gnupg.home, 'damaged')
  writeFileSync(file, signature)
  return gnupg.run(['--verify', file, '-'], CONTENTS).code === 0
}

async function binaryOf(armored: string, gnupg: GnuPG): Promise<Buffer> {
  return gnupg.expect(['--dearmor'], armored)
}
