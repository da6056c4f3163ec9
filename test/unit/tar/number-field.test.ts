import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { writeNumberField, writeOctal } from '../../../src/tar/number-field.ts'

const field = (length: 8 | 12, value: number) => {
  const target = new Uint8Array(length).fill(0xee)
  writeNumberField(target, 0, length, value)
  return Buffer.from(target)
}

describe('writeNumberField', () => {
  it('writes octal digits and a NUL as long as they suffice', () => {
    expect(field(8, 0o644).toString('latin1')).toBe('0000644\0')
    expect(field(8, 8 ** 7 - 1).toString('latin1')).toBe('7777777\0')
    expect(field(12, 0).toString('latin1')).toBe('00000000000\0')
    expect(field(12, 8 ** 11 - 1).toString('latin1')).toBe('77777777777\0')
  })

  it('writes base-256 beyond', () => {
    expect(field(8, 8 ** 7).toString('hex')).toBe('8000000000200000')
    expect(field(12, 8 ** 11).toString('hex')).toBe('800000000000000200000000')
    expect(field(12, Number.MAX_SAFE_INTEGER).toString('hex')).toBe('80000000001fffffffffffff')
  })

  it('holds every number it takes', () => {
    fc.assert(
      fc.property(fc.constantFrom<8 | 12>(8, 12), fc.maxSafeNat(), (length, value) => {
        const bytes = field(length, value)
        const octal = bytes[0]! < 0x80
        const read = octal
          ? Number.parseInt(bytes.subarray(0, -1).toString('latin1'), 8)
          : Number(BigInt(`0x${bytes.subarray(1).toString('hex')}`))
        expect(read).toBe(value)
        expect(octal).toBe(value < 8 ** (length - 1))
      }),
    )
  })

  it.each([-1, 1.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY])('refuses %d', value => {
    expect(() => field(12, value)).toThrow(RangeError)
  })
})

describe('writeOctal', () => {
  it('writes into its place and nowhere else', () => {
    const target = new Uint8Array(8).fill(0x2a)
    writeOctal(target, 1, 5, 0o17)
    expect(Buffer.from(target).toString('latin1')).toBe('*00017\0*')
  })
})
