import assert from 'node:assert/strict'
import { encodeBase64 } from '../../../src/nix/base64.ts'
import {
  isSignedBy,
  parseNarHash,
  parsePublicKeys,
  parseSecretKey,
  parseStorePathBaseName,
  signPathInfo,
} from '../../../src/nix/index.ts'
import { outcomeNow } from '../oracles.ts'
import type { Target } from '../target.ts'
import { HASH, PATH } from './narinfo.ts'

// Of RFC 8032, section 7.1, test 1.
const SEED = '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60'
const PUBLIC = 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a'
const SECRET_KEY = `test-1:${Buffer.from(SEED + PUBLIC, 'hex').toString('base64')}`
const PUBLIC_KEY = `test-1:${Buffer.from(PUBLIC, 'hex').toString('base64')}`

const info = { path: parseStorePathBaseName(PATH), narHash: parseNarHash(HASH), narSize: 1, references: [] }

/** Keys and signatures of Nix. */
export const target: Target = {
  about: 'public and secret keys and signatures of Nix; no error shows a secret',
  seeds: () => [
    PUBLIC_KEY,
    `${PUBLIC_KEY} ${PUBLIC_KEY}\n`,
    SECRET_KEY,
    PUBLIC_KEY.slice(7),
    signPathInfo(info, parseSecretKey(SECRET_KEY)),
  ],
  words: [':', '=', ' ', '\n', 'test-1:', PUBLIC_KEY.slice(7), SECRET_KEY.slice(7), '/etc/key.pub'],
  run(input) {
    const text = Buffer.from(input).toString()
    const keys = outcomeNow(() => withoutSecret(text, () => parsePublicKeys(text)))
    if ('value' in keys) {
      const written = keys.value.map(({ name, bytes }) => `${name}:${encodeBase64(bytes)}`).join(' ')
      assert.deepEqual(parsePublicKeys(written), keys.value)
      assert.equal(isSignedBy({ ...info, signatures: [text] }, keys.value), false)
    }
    isSignedBy({ ...info, signatures: [text] }, parsePublicKeys(PUBLIC_KEY))
    const secret = outcomeNow(() => withoutSecret(text, () => parseSecretKey(text)))
    if (!('value' in secret)) return
    const signature = signPathInfo(info, secret.value)
    const own = parsePublicKeys(PUBLIC_KEY).map(key => ({ ...key, name: secret.value.name }))
    assert.equal(isSignedBy({ ...info, signatures: [signature] }, own), text.includes(SECRET_KEY.slice(7)))
  },
}

/** Throws if an error quotes what is as long as a secret key. */
function withoutSecret<T>(text: string, parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    const { message } = error as Error
    const secret = /[A-Za-z0-9+/]{66,}={0,2}/.exec(text)?.[0]
    assert.ok(secret === undefined || !message.includes(secret), `an error quotes a secret key: ${message}`)
    throw error
  }
}
