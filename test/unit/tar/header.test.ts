import { describe, expect, it } from 'vitest'
import { byteString } from '../../../src/bytes/index.ts'
import { type HeaderFields, writeHeaderBlock } from '../../../src/tar/header.ts'
import { latin1 } from '../../latin1.ts'

const FIELDS: HeaderFields = {
  name: byteString`etc/os-release`,
  mode: 0o444,
  uid: 0,
  gid: 0,
  size: 5,
  mtime: 1,
  typeflag: '0',
  linkname: byteString``,
}

const headerOf = (fields: Partial<HeaderFields>, offset = 0) => {
  const target = new Uint8Array(offset + 512).fill(0xee)
  writeHeaderBlock(target, offset, { ...FIELDS, ...fields })
  return Buffer.from(target.subarray(offset))
}
const text = (header: Buffer, from: number, to: number) => header.toString('latin1', from, to)

describe('writeHeaderBlock', () => {
  it('puts every field where GNU tar does', () => {
    const header = headerOf({ uid: 0o12, gid: 0o34, linkname: byteString`to` })
    expect(text(header, 0, 15)).toBe('etc/os-release\0')
    expect(text(header, 100, 124)).toBe('0000444\x000000012\x000000034\0')
    expect(text(header, 124, 148)).toBe('00000000005\x0000000000001\0')
    expect(text(header, 156, 160)).toBe('0to\0')
    expect(text(header, 257, 265)).toBe('ustar  \0')
    expect(header.subarray(265)).toEqual(Buffer.alloc(512 - 265))
  })

  it('has the checksum of its own bytes, that field taken as spaces', () => {
    const header = headerOf({ name: latin1('\xff'.repeat(100)), linkname: latin1('\xfe'.repeat(100)), size: 2 ** 50 })
    const sum = header.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 0x20 : byte), 0)
    expect(text(header, 148, 156)).toBe(`${sum.toString(8).padStart(6, '0')}\0 `)
  })

  it('fills a field of 100 bytes without NUL, and cuts longer names', () => {
    const header = headerOf({ name: latin1('n'.repeat(101)), linkname: latin1('l'.repeat(100)) })
    expect(text(header, 0, 108)).toBe(`${'n'.repeat(100)}0000444\0`)
    expect(text(header, 157, 265)).toBe(`${'l'.repeat(100)}ustar  \0`)
  })

  it('leaves nothing of the header before, wherever it is written', () => {
    headerOf({ name: latin1('x'.repeat(100)), linkname: latin1('y'.repeat(100)) })
    expect(headerOf({}, 1024)).toEqual(headerOf({}))
  })
})
