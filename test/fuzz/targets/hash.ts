import assert from 'node:assert/strict'
import { normalizeHash } from '../../../src/nix/hash.ts'
import { formatSha256Base16, formatSha256Nix32, formatSha256Sri, parseSha256 } from '../../../src/nix/index.ts'
import { outcomeNow } from '../oracles.ts'
import type { Target } from '../target.ts'

const BASE64 = `${'A'.repeat(43)}=`

export const target: Target = {
  about: 'hashes in all spellings of Nix, held against each other',
  seeds: () => [
    '0'.repeat(64),
    `sha256:${'F'.repeat(64)}`,
    `sha256:${'1'.repeat(52)}`,
    BASE64,
    `sha256-${BASE64}`,
    `sha1:${'0'.repeat(32)}`,
  ],
  words: ['sha256:', 'sha256-', 'sha512-', 'md5:', 'blake3:', '=', '==', 'z'],
  run(input) {
    const text = Buffer.from(input).toString()
    const outcome = outcomeNow(() => parseSha256(text))
    if ('value' in outcome) {
      const { value } = outcome
      for (const format of [formatSha256Base16, formatSha256Nix32, formatSha256Sri]) {
        assert.deepEqual(parseSha256(format(value)), value)
      }
      const digits = text.replace(/^[^:]*:/, '')
      if (/^[0-9a-f]{64}$/i.test(digits)) assert.deepEqual(Buffer.from(value), Buffer.from(digits, 'hex'))
      else if (digits.length !== 52)
        assert.deepEqual(Buffer.from(value), Buffer.from(text.replace(/^[^:-]*[:-]/, ''), 'base64'))
    }
    const any = outcomeNow(() => normalizeHash(text))
    if ('value' in any) assert.equal(normalizeHash(any.value), any.value)
  },
}
