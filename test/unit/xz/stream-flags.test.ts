import { describe, expect, it } from 'vitest'
import { crc32, writeU32le } from '../../../src/bytes/index.ts'
import {
  decodeStreamFooter,
  decodeStreamHeader,
  encodeStreamFooter,
  encodeStreamHeader,
} from '../../../src/xz/index.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const unhex = (text: string) => Uint8Array.from(Buffer.from(text, 'hex'))

// The bytes that `xz -C crc64 < /dev/null` writes: header, index (000000001cdf4421), footer.
const HEADER = 'fd377a585a000004e6d6b446'
const FOOTER = '1fb6f37d010000000004595a'

describe('stream header', () => {
  it('is byte for byte what xz writes', () => {
    expect(hex(encodeStreamHeader({ check: 'crc64' }))).toBe(HEADER)
    expect(decodeStreamHeader(unhex(`0000${HEADER}`), 2)).toEqual({ check: 'crc64' })
  })

  it.each([
    ['eleven bytes', HEADER.slice(0, 22), 'XZ_TRUNCATED'],
    ['gzip', `1f8b08${HEADER.slice(6)}`, 'XZ_MAGIC'],
    ['a changed flag', HEADER.replace('0004', '0001'), 'XZ_CRC32'],
  ])('refuses %s', (_, text, code) => {
    expect(() => decodeStreamHeader(unhex(text))).toThrow(expect.objectContaining({ code }))
  })

  it.each([
    ['a reserved bit', 0, 0x11, /bits that are reserved/],
    ['a reserved byte', 1, 0x01, /bits that are reserved/],
    ['a reserved check', 0, 0x02, /check ID 2/],
  ])('refuses %s with a sound CRC32 as unsupported', (_, first, second, message) => {
    const bytes = encodeStreamHeader({ check: 'none' })
    bytes.set([first, second], 6)
    writeU32le(bytes, 8, crc32(bytes.subarray(6, 8)))
    const error = { code: 'XZ_UNSUPPORTED', message: expect.stringMatching(message) }
    expect(() => decodeStreamHeader(bytes)).toThrow(expect.objectContaining(error))
  })
})

describe('stream footer', () => {
  it('is byte for byte what xz writes', () => {
    expect(hex(encodeStreamFooter({ check: 'crc64', backwardSize: 8 }))).toBe(FOOTER)
    expect(decodeStreamFooter(unhex(FOOTER))).toEqual({ check: 'crc64', backwardSize: 8 })
  })

  it('holds the largest index', () => {
    const footer = { check: 'none', backwardSize: 2 ** 34 } as const
    expect(decodeStreamFooter(encodeStreamFooter(footer))).toEqual(footer)
  })

  it.each([0, 6, 2 ** 34 + 4, Number.NaN])('refuses to encode an index of %d bytes', backwardSize => {
    expect(() => encodeStreamFooter({ check: 'none', backwardSize })).toThrow(RangeError)
  })

  it.each([
    ['eleven bytes', FOOTER.slice(0, 22), 'XZ_TRUNCATED'],
    ['another end', FOOTER.replace('595a', '595b'), 'XZ_MAGIC'],
    ['a changed backward size', FOOTER.replace('01000000', '02000000'), 'XZ_CRC32'],
  ])('refuses %s', (_, text, code) => {
    expect(() => decodeStreamFooter(unhex(text))).toThrow(expect.objectContaining({ code }))
  })
})
