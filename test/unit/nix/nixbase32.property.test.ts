import fc from 'fast-check'
import { expect, it } from 'vitest'
import { decodeNixBase32, encodeNixBase32, NIXBASE32_ALPHABET } from '../../../src/nix/index.ts'

it('bytes come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 70 }), bytes => {
      expect(decodeNixBase32(encodeNixBase32(bytes))).toEqual(bytes)
    }),
  )
})

it('a text is refused or is the one text of its bytes', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...NIXBASE32_ALPHABET), maxLength: 60 }), text => {
      let bytes: Uint8Array
      try {
        bytes = decodeNixBase32(text)
      } catch {
        return
      }
      expect(encodeNixBase32(bytes)).toBe(text)
    }),
  )
})
