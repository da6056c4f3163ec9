import assert from 'node:assert/strict'
import {
  contentAddressOf,
  contentCheckOf,
  isContentAddressed,
  parseStorePathBaseName,
  storePathOfContentAddress,
} from '../../../src/nix/index.ts'
import { encodeNixBase32 } from '../../../src/nix/nixbase32.ts'
import { outcomeNow } from '../oracles.ts'
import type { Target } from '../target.ts'
import { HASH, PATH } from './narinfo.ts'

const PREFIXES = { text: 'text', flat: 'fixed', nar: 'fixed:r', git: 'fixed:git' }

/** Content addresses: what is read of one is that of another spelling, and the path that it makes is addressed by it. */
export const target: Target = {
  about: 'content addresses, held against their parts and the paths that they make',
  seeds: () => [
    ...Object.values(PREFIXES).map(prefix => `${prefix}:${HASH}`),
    `fixed:git:sha1:${'0'.repeat(40)}`,
    `fixed:sha512:${'A'.repeat(86)}==`,
    `fixed:md5:${'0'.repeat(26)}`,
    `fixed:r:blake3:${'0'.repeat(52)}`,
  ],
  words: ['text', 'fixed', ':', 'r:', 'git:', 'md5', 'sha1', 'sha256', 'sha512', 'blake3', 'A='],
  run(input) {
    const ca = Buffer.from(input).toString()
    const outcome = outcomeNow(() => contentAddressOf({ ca }))
    const address = 'value' in outcome ? outcome.value : undefined
    if (address === undefined) return
    const { method, algorithm, digest } = address
    assert.deepEqual(contentAddressOf({ ca: `${PREFIXES[method]}:${algorithm}:${encodeNixBase32(digest)}` }), address)
    const other = parseStorePathBaseName(PATH)
    for (const [references, self] of [
      [[], false],
      [[other], false],
      [[other], true],
    ] as const) {
      const path = storePathOfContentAddress('name', address, references, self)
      if (path === undefined) continue
      const info = { path, references: self ? [...references, path] : references, ca }
      assert.ok(isContentAddressed(info))
      assert.deepEqual(contentCheckOf(info)?.digest, digest)
      assert.ok(!isContentAddressed({ ...info, path: other }))
    }
  },
}
