import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type ByteString,
  byteString,
  compareByteStrings,
  decodeByteString,
  decodeText,
  encodeByteString,
  encodeText,
  joinNames,
  joinPath,
} from '../../../src/bytes/index.ts'
import { latin1 } from '../../latin1.ts'

describe('byte strings', () => {
  it('hold any bytes, in their order', () => {
    const bytes = fc.uint8Array({ maxLength: 40 })
    fc.assert(
      fc.property(bytes, bytes, (a, b) => {
        expect(encodeByteString(decodeByteString(a))).toEqual(a)
        const order = compareByteStrings(decodeByteString(a), decodeByteString(b))
        expect(order).toBe(Buffer.compare(a, b))
      }),
    )
  })

  it('hold more bytes than a call has arguments', () => {
    const bytes = Uint8Array.from({ length: 200_000 }, (_, i) => i)
    expect(encodeByteString(decodeByteString(bytes))).toEqual(bytes)
    expect(decodeByteString(bytes, 10, 60_000)).toBe(Buffer.from(bytes).toString('latin1', 10, 60_000))
  })

  it('are the UTF-8 of text', () => {
    expect(encodeText('etc/ä\u{1f600}')).toBe('etc/\xc3\xa4\xf0\x9f\x98\x80')
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), text => {
        expect(encodeByteString(encodeText(text))).toEqual(new TextEncoder().encode(text))
        expect(decodeText(encodeText(text))).toBe(text)
      }),
    )
  })

  it('are shown as text though they are not UTF-8', () => {
    expect(decodeText(latin1('a\xff'))).toBe('a\ufffd')
  })

  it('that are none are refused, if types did not', () => {
    expect(() => encodeByteString('\u{142}' as ByteString)).toThrow(RangeError)
  })

  it('are not text to the compiler, nor is text bytes', () => {
    const name = 'passwd'
    const bytes: ByteString[] = [
      byteString`etc`,
      encodeText(name),
      byteString`a/b`.slice(2),
      ...byteString`a/b`.split('/'),
    ]
    // @ts-expect-error: text
    bytes.push(name)
    // @ts-expect-error: a template of byte strings is text
    bytes.push(`${bytes[0]}/`)
    // @ts-expect-error: so is a part of one that is replaced
    bytes.push(bytes[0]!.replace(/e/, 'ä'))
    // @ts-expect-error: text in a template of byte strings
    bytes.push(byteString`etc/${name}`)
    const text: string = bytes[0]!
    expect(text).toBe('etc')
  })
})

describe('byteString', () => {
  it('puts byte strings into a template', () => {
    expect(byteString``).toBe('')
    expect(byteString`a${latin1('\xff')}/${2}\0`).toBe('a\xff/2\0')
  })

  it('refuses a literal that is not ASCII', () => {
    expect(() => byteString`ä`).toThrow(RangeError)
    expect(() => byteString`${latin1('\xe4')}\xe4`).toThrow('not ASCII')
  })
})

it('paths are joined of names', () => {
  expect(joinPath(byteString`a`, latin1('\xff'))).toBe('a/\xff')
  expect(joinNames([byteString`a`, latin1('\xff'), byteString`c`])).toBe('a/\xff/c')
  expect(joinNames([])).toBe('')
})
