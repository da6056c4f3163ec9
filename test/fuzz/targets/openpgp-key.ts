import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMessage, readKey, readSignature, verify } from 'openpgp'
import { generateKeyPair, openSigner } from '../../../src/signing/index.ts'
import { outcomeOf } from '../oracles.ts'
import type { Target } from '../target.ts'

const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-fuzz-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const { secretKey, publicKey } = await generateKeyPair({ name: 'Test' })
const locked = await generateKeyPair({ name: 'Test', email: 'a@example.org', passphrase: 'open' })

function binaryOf(armored: string): Buffer {
  const body = armored
    .replace(/\r/g, '')
    .split('\n\n')[1]!
    .split('\n')
    .filter(line => /^[A-Za-z0-9+/]/.test(line))
  return Buffer.from(body.join(''), 'base64')
}

export const target: Target = {
  about: 'files of secret OpenPGP keys: one that signs makes signatures by the key that it was',
  seeds: () => [secretKey, binaryOf(secretKey), publicKey, locked.secretKey, binaryOf(locked.secretKey)],
  words: [
    '-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n',
    '-----END',
    Buffer.of(0xc5),
    Buffer.of(0xcd),
    Buffer.of(0xff),
    '=',
    '\n',
  ],
  async run(input) {
    const file = join(folder, 'key')
    writeFileSync(file, input)
    const contents = Buffer.from('contents')
    const sign = async () => (await openSigner({ keyFile: file, passphrase: 'open' })).sign(contents)
    const outcome = await outcomeOf(sign)
    if (!('value' in outcome)) return
    const armoredKeys = [publicKey, locked.publicKey]
    const { signatures } = await verify({
      message: await createMessage({ binary: contents }),
      signature: await readSignature({ binarySignature: outcome.value.binary }),
      verificationKeys: await Promise.all(armoredKeys.map(armoredKey => readKey({ armoredKey }))),
    })
    assert.ok(await signatures[0]!.verified)
  },
}
