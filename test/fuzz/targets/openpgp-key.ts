import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMessage, readKey, readSignature, verify } from 'openpgp'
import { generateKeyPair, openSigner, SigningError } from '../../../src/signing/index.ts'
import type { DetachedSignature } from '../../../src/signing/signer.ts'
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
    // The causes are OpenPGP.js's, which throws errors of all classes for what it cannot read.
    const signature = await sign(file, contents).catch(error => assert.ok(error instanceof SigningError, error))
    if (!signature) return
    const armoredKeys = [publicKey, locked.publicKey]
    const { signatures } = await verify({
      message: await createMessage({ binary: contents }),
      signature: await readSignature({ binarySignature: signature.binary }),
      verificationKeys: await Promise.all(armoredKeys.map(armoredKey => readKey({ armoredKey }))),
    })
    assert.ok(await signatures[0]!.verified)
  },
}

async function sign(keyFile: string, contents: Uint8Array): Promise<DetachedSignature> {
  const signer = await openSigner({ keyFile, passphrase: 'open' })
  return signer.sign(contents)
}
