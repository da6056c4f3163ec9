import fc from 'fast-check'
import { expect, it } from 'vitest'
import {
  encodeNixBase32,
  formatRegistration,
  narHashFromBytes,
  type PathInfo,
  parseRegistration,
  parseStorePathBaseName,
} from '../../../src/nix/index.ts'

const arbitraryStorePath = fc
  .tuple(
    fc.uint8Array({ minLength: 20, maxLength: 20 }),
    fc.stringMatching(/^[0-9a-zA-Z+_?=][0-9a-zA-Z+\-._?=]{0,20}$/),
  )
  .map(([digest, name]) => parseStorePathBaseName(`${encodeNixBase32(digest)}-${name}`))
const arbitraryRecord: fc.Arbitrary<PathInfo> = fc.record({
  path: arbitraryStorePath,
  narHash: fc.uint8Array({ minLength: 32, maxLength: 32 }).map(narHashFromBytes),
  narSize: fc.maxSafeNat(),
  references: fc.array(arbitraryStorePath, { maxLength: 5 }),
})

it('records come back', () => {
  fc.assert(
    fc.property(fc.array(arbitraryRecord, { maxLength: 5 }), records => {
      expect(parseRegistration(formatRegistration(records))).toEqual(records)
    }),
  )
})
