import { describe, expect, it } from 'vitest'
import { type Check, checkId, checkOfId, checkSize, computeCheck, verifyCheck } from '../../../src/xz/index.ts'

const digits = new TextEncoder().encode('123456789')

describe('check', () => {
  it.each<[Check, number, number]>([
    ['none', 0, 0],
    ['crc32', 1, 4],
    ['crc64', 4, 8],
    ['sha256', 10, 32],
  ])('%s has the ID %d and %d bytes', (check, id, size) => {
    expect(checkId(check)).toBe(id)
    expect(checkOfId(id)).toBe(check)
    expect(checkSize(check)).toBe(size)
  })

  it('refuses a reserved ID', () => {
    expect(() => checkOfId(2)).toThrow(expect.objectContaining({ code: 'XZ_UNSUPPORTED' }))
  })
})

describe('computeCheck', () => {
  it('is little-endian', () => {
    expect(Buffer.from(computeCheck('crc32', digits)).toString('hex')).toBe('2639f4cb')
    expect(Buffer.from(computeCheck('crc64', digits)).toString('hex')).toBe('fa3919dfbbc95d99')
    expect(computeCheck('none', digits)).toEqual(new Uint8Array(0))
  })

  it('does not depend on how the data is cut', () => {
    for (const check of ['crc32', 'crc64', 'none'] as const) {
      const cut = computeCheck(check, digits.subarray(0, 3), new Uint8Array(0), digits.subarray(3))
      expect(cut).toEqual(computeCheck(check, digits))
    }
  })
})

describe('verifyCheck', () => {
  it('accepts the same value and names both where they differ', () => {
    const value = computeCheck('crc32', digits)
    verifyCheck('crc32', value, value.slice())
    verifyCheck('none', new Uint8Array(0), new Uint8Array(0))
    expect(() => verifyCheck('crc32', Uint8Array.of(0, 0, 0, 1), value)).toThrow(/00000001.*2639f4cb/)
    expect(() => verifyCheck('crc32', value.subarray(1), value.subarray(1))).toThrow(
      expect.objectContaining({ code: 'XZ_CHECK' }),
    )
  })
})
