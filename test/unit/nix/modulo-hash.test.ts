import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createModuloHash } from '../../../src/nix/index.ts'

const DIGEST = '2l7gvysjsjm6zqykb5rw716nrl4b9i4f'

/** The two hashes of bytes in one go. */
function hashesOf(bytes: Buffer): Buffer[] {
  const hash = (...texts: (Buffer | string)[]) => {
    const sha256 = createHash('sha256')
    for (const text of texts) sha256.update(text)
    return sha256.digest()
  }
  const zeroed = Buffer.from(bytes)
  let offsets = ''
  for (let at = bytes.indexOf(DIGEST); at >= 0; at = bytes.indexOf(DIGEST, at + DIGEST.length)) {
    zeroed.fill(0, at, at + DIGEST.length)
    offsets += `|${at}`
  }
  return [hash(zeroed, offsets), hash(zeroed)]
}

describe('createModuloHash', () => {
  const half = DIGEST.slice(0, 16)
  it.each([
    ['nothing', ''],
    ['less than a digest', half],
    ['a digest', DIGEST],
    ['several, one behind the other', `x${DIGEST}${DIGEST}-y${DIGEST}`],
    ['the beginning of one before another', `${half}${DIGEST}${half}`],
    ['many', `some ${DIGEST}-text `.repeat(50)],
  ])('takes digests out of %s, in pieces of any size', (_, text) => {
    const bytes = Buffer.from(text)
    for (let size = 1; size <= 80; size++) {
      const hash = createModuloHash('sha256', DIGEST)
      for (let at = 0; at < bytes.length; at += size) hash.update(bytes.subarray(at, at + size))
      expect(hash.digests()).toEqual(hashesOf(bytes))
    }
  })

  it('has no hash for more places than there can be meant', () => {
    const hash = createModuloHash('sha256', DIGEST)
    const bytes = Buffer.from(DIGEST.repeat(100_001))
    for (let i = 0; i < 10; i++) hash.update(bytes)
    expect(hash.digests()).toEqual([])
  })
})
