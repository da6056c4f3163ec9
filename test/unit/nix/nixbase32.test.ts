import { describe, expect, it } from 'vitest'
import { decodeNixBase32, encodeNixBase32, NIXBASE32_ALPHABET } from '../../../src/nix/index.ts'

describe('Nix base 32', () => {
  it('writes the number most significant digit first', () => {
    expect(encodeNixBase32(Uint8Array.of())).toBe('')
    expect(encodeNixBase32(Uint8Array.of(0x1f))).toBe('0z')
    expect(encodeNixBase32(Uint8Array.of(0xff))).toBe('7z')
    expect(encodeNixBase32(Uint8Array.of(1, 0, 0, 0, 0))).toBe('00000001')
    expect(encodeNixBase32(Uint8Array.of(0, 0, 0, 0, 0x80))).toBe('h0000000')
  })

  it('has no e, o, t and u', () => {
    expect(NIXBASE32_ALPHABET).toBe('0123456789abcdfghijklmnpqrsvwxyz')
  })

  it.each(['0e', '0O', '0 ', 'A0', '\u0660\u0660'])('refuses the foreign character in %j', text => {
    expect(() => decodeNixBase32(text)).toThrow(expect.objectContaining({ code: 'NIXBASE32_INVALID' }))
  })

  it.each(['0', '000', '000000', '0'.repeat(54)])('refuses the length of %j', text => {
    expect(() => decodeNixBase32(text)).toThrow(/length/)
  })

  it('refuses bits beyond the last byte', () => {
    for (const text of ['80', 'z0', `2${'0'.repeat(51)}`]) expect(() => decodeNixBase32(text)).toThrow(/beyond/)
    expect(decodeNixBase32('70')).toEqual(Uint8Array.of(0xe0))
  })
})
