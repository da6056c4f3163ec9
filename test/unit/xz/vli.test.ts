import { describe, expect, it } from 'vitest'
import { decodeVli, encodeVli, sizeOfVli, writeVli } from '../../../src/xz/index.ts'

describe('encodeVli', () => {
  it.each([
    [0, [0]],
    [127, [0x7f]],
    [128, [0x80, 0x01]],
    [300, [0xac, 0x02]],
    [2 ** 32, [0x80, 0x80, 0x80, 0x80, 0x10]],
    [Number.MAX_SAFE_INTEGER, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('writes %d', (value, bytes) => {
    expect([...encodeVli(value)]).toEqual(bytes)
    expect(sizeOfVli(value)).toBe(bytes.length)
    expect(decodeVli(Uint8Array.from(bytes))).toEqual({ value, end: bytes.length })
  })

  it.each([-1, 0.5, 2 ** 53, Number.NaN])('refuses %d', value => {
    expect(() => encodeVli(value)).toThrow(RangeError)
  })

  it('refuses to write past the end', () => {
    expect(() => writeVli(new Uint8Array(3), 2, 128)).toThrow(RangeError)
  })
})

describe('decodeVli', () => {
  it.each([
    ['nothing', [], 'XZ_TRUNCATED'],
    ['an open end', [0x80, 0xff], 'XZ_TRUNCATED'],
    ['a superfluous zero byte', [0x81, 0x00], 'XZ_VLI'],
    ['ten bytes', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], 'XZ_VLI'],
    ['2^53', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10], 'XZ_TOO_LARGE'],
    ['2^63 - 1', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], 'XZ_TOO_LARGE'],
  ])('refuses %s', (_, bytes, code) => {
    expect(() => decodeVli(Uint8Array.from(bytes))).toThrow(expect.objectContaining({ name: 'XzError', code }))
  })

  it('stops at its limit', () => {
    const bytes = Uint8Array.of(9, 0x80, 0x01)
    expect(decodeVli(bytes, 1)).toEqual({ value: 128, end: 3 })
    expect(() => decodeVli(bytes, 1, 2)).toThrow(expect.objectContaining({ code: 'XZ_TRUNCATED' }))
  })
})
