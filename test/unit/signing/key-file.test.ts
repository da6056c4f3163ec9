import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { enums, generateKey, type PrivateKey, reformatKey, revokeKey, unarmor } from 'openpgp'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openSigner } from '../../../src/signing/index.ts'
import { temporaryFolder } from '../../temporary.ts'
import { keyFile, verifiedDate } from './keys.ts'

const CONTENTS = Buffer.from('a line\n')
const HOUR = 3_600_000
const PAST = new Date('2020-02-02T02:02:02Z')

const newKey = async (options: object = {}): Promise<PrivateKey> => {
  const given = { type: 'ecc', curve: 'ed25519Legacy', userIDs: { name: 'Jo' }, date: PAST, ...options } as const
  return (await generateKey({ ...given, format: 'object' })).privateKey
}

const signWith = async (key: PrivateKey, contents: Uint8Array = CONTENTS) => {
  const signer = await openSigner({ keyFile: keyFile(key.write()) })
  return signer.sign(contents)
}

const refusal = (code: string, file: string, message: RegExp) => ({
  ...{ name: 'SigningError', code, key: file },
  message: expect.stringMatching(new RegExp(`^/.*/key: .*${message.source}`)),
})

afterEach(() => {
  vi.useRealTimers()
})

describe('a key in a file', () => {
  it.each([
    ['Ed25519', {}],
    ['RSA', { type: 'rsa', rsaBits: 2048, curve: undefined }],
    ['a subkey for Ed25519', { subkeys: [{ sign: true }] }],
  ])('signs the same contents with the same bytes, whenever it does: %s', async (_, options) => {
    const key = await newKey(options)
    const armoredKey = key.toPublic().armor()
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 3000 }),
        fc.date({ min: PAST, noInvalidDate: true }),
        async (contents, day) => {
          const once = await signWith(key, contents)
          vi.useFakeTimers({ now: day, toFake: ['Date'] })
          const again = await signWith(key, contents)
          vi.useRealTimers()
          expect(again).toEqual(once)
          expect(await verifiedDate(once.binary, contents, armoredKey)).toEqual(PAST)
        },
      ),
      { numRuns: 10 },
    )
  })

  it('is read armored, binary, and with other lines around it', async () => {
    const key = await newKey()
    const armored = key.armor()
    const expected = await signWith(key)
    for (const contents of [armored, armored.replaceAll('\n', '\r\n'), `Keep it secret!\n\n${armored}\n`]) {
      const signer = await openSigner({ keyFile: keyFile(contents) })
      expect(await signer.sign(CONTENTS)).toEqual(expected)
    }
  })

  it('makes one signature in two forms', async () => {
    const { binary, armored } = await signWith(await newKey())
    const { type, data } = await unarmor(armored)
    expect(type).toBe(enums.armor.signature)
    expect(data).toEqual(binary)
    expect(armored).toMatch(/^-----BEGIN PGP SIGNATURE-----\n\n([\w+/=]+\n)+=[\w+/]{4}\n-----END PGP SIGNATURE-----\n$/)
  })

  it('makes a signature as old as the last that vouches for what signs', async () => {
    const later = new Date(PAST.getTime() + HOUR)
    const key = await newKey({ subkeys: [] })
    const grown = await key.addSubkey({ type: 'ecc', curve: 'ed25519Legacy', sign: true, date: later })
    const { binary } = await signWith(grown)
    expect(await verifiedDate(binary, CONTENTS, grown.toPublic().armor())).toEqual(later)
  })

  it.each(['users', 'subkeys'] as const)('makes a signature as old as what certifies again: %s', async renewed => {
    const privateKey = await newKey({ subkeys: [{ sign: true }] })
    const date = new Date(PAST.getTime() + HOUR)
    const { privateKey: again } = await reformatKey({ privateKey, userIDs: { name: 'Jo' }, date, format: 'object' })
    const parts = { users: privateKey.users, subkeys: privateKey.subkeys, [renewed]: again[renewed] }
    const { binary } = await signWith(Object.assign(again, parts))
    expect(await verifiedDate(binary, CONTENTS, again.toPublic().armor())).toEqual(date)
  })

  it('signs with the key that may sign today, though another might when that was made', async () => {
    const key = await newKey({ subkeys: [] })
    const { binary } = await signWith(
      await key.addSubkey({ type: 'ecc', curve: 'ed25519Legacy', sign: true, date: PAST, keyExpirationTime: 60 }),
    )
    await verifiedDate(binary, CONTENTS, key.toPublic().armor())
  })

  it('opens with its passphrase, and only with that', async () => {
    const key = await newKey({ passphrase: 'open sesame', subkeys: [{ sign: true }] })
    const file = keyFile(key.armor())
    const signer = await openSigner({ keyFile: file, passphrase: 'open sesame' })
    await verifiedDate((await signer.sign(CONTENTS)).binary, CONTENTS, key.toPublic().armor())
    await expect(openSigner({ keyFile: file })).rejects.toMatchObject(
      refusal('KEY_LOCKED', file, /give its passphrase/),
    )
    for (const passphrase of ['open sesame\n', '']) {
      const locked = refusal('KEY_LOCKED', file, /passphrase given does not open it/)
      await expect(openSigner({ keyFile: file, passphrase })).rejects.toMatchObject(locked)
    }
  })

  it('does not sign for somebody who has given up', async () => {
    const signer = await openSigner({ keyFile: keyFile((await newKey()).write()) })
    const reason = new Error('enough')
    await expect(signer.sign(CONTENTS, AbortSignal.abort(reason))).rejects.toBe(reason)
  })

  it.each<[string, () => Promise<string | Uint8Array>, RegExp]>([
    ['a public key', async () => (await newKey()).toPublic().armor(), /is a public key.*give the secret one/],
    ['a binary public key', async () => (await newKey()).toPublic().write(), /is a public key/],
    ['garbage', async () => 'secret', /is not an OpenPGP secret key/],
    ['nothing', async () => '', /is not an OpenPGP secret key/],
    ['half a key', async () => (await newKey()).armor().slice(0, 300), /is not an OpenPGP secret key/],
    ['a signature', async () => (await signWith(await newKey())).armored, /is not an OpenPGP secret key/],
    [
      'two keys',
      async () => Buffer.concat([(await newKey()).write(), (await newKey()).write()]),
      /holds 2 secret keys/,
    ],
    ['two armored keys', async () => `${(await newKey()).armor()}\n${(await newKey()).armor()}`, /holds 2 secret keys/],
    ['an expired key', async () => (await newKey({ keyExpirationTime: 60 })).write(), /expired.*give another/],
    [
      'a key of tomorrow',
      async () => (await newKey({ date: new Date(Date.now() + 24 * HOUR) })).write(),
      /may sign today/,
    ],
    ['a revoked key', async () => revoked(await newKey()), /revoked/],
    [
      'a key without its secret part',
      async () => stripped(await newKey()),
      /lacks the secret part of [0-9a-f]{16}, which/,
    ],
    ['a key that does not fit', async () => damaged(await newKey()), /is damaged/],
    ['ECDSA', async () => (await newKey({ curve: 'nistP256' })).write(), /version 4 for ecdsa: give one/],
    [
      'the Ed25519 of RFC 9580',
      async () => (await newKey({ type: 'curve25519', curve: undefined })).write(),
      /for ed25519/,
    ],
    ['version 6', async () => version6(), /version 6 for rsaEncryptSign: give one/],
  ])('is refused: %s', async (_, contents, message) => {
    const file = keyFile(await contents())
    await expect(openSigner({ keyFile: file })).rejects.toMatchObject(refusal('KEY_INVALID', file, message))
  })

  it('has to be there', async () => {
    const missing = join(temporaryFolder(), 'key')
    const unreadable = (file: string, message: RegExp) =>
      expect(openSigner({ keyFile: file })).rejects.toMatchObject(refusal('KEY_UNREADABLE', file, message))
    await unreadable(missing, /is not there; nspawn-rootfs key generate makes one/)
    mkdirSync(missing)
    await unreadable(missing, /cannot be read \(EISDIR\)/)
  })
})

async function revoked(key: PrivateKey): Promise<Uint8Array> {
  const { privateKey } = await revokeKey({ key, format: 'object' })
  return privateKey.write()
}

/** As `gpg --export-secret-subkeys` leaves a primary key. */
async function stripped(key: PrivateKey): Promise<Uint8Array> {
  const packet = key.keyPacket as unknown as { makeDummy(): void }
  packet.makeDummy()
  return key.write()
}

/** Exchanges two bytes of the secret part, of which the checksum in the file is the same. */
async function damaged(key: PrivateKey): Promise<Uint8Array> {
  const { seed } = (key.keyPacket as unknown as { privateParams: { seed: Uint8Array } }).privateParams
  const bytes = Buffer.from(key.write())
  const tail = seed.subarray(-8)
  const i = tail.findIndex((byte, at) => tail[at + 1] !== byte)
  bytes.set([tail[i + 1], tail[i]], bytes.indexOf(tail) + i)
  return bytes
}

async function version6(): Promise<Uint8Array> {
  return (await newKey({ type: 'rsa', rsaBits: 2048, curve: undefined, config: { v6Keys: true } })).write()
}
