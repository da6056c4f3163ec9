import { describe, expect, it } from 'vitest'
import { byteString } from '../../../src/bytes/index.ts'
import { encodeXattrRecords } from '../../../src/tar/pax.ts'
import { archiveOf, readArchive } from './archive.ts'

const recordsOf = (xattrs: Record<string, Uint8Array>) =>
  Buffer.from(encodeXattrRecords(byteString`f`, xattrs)).toString('latin1')

describe('encodeXattrRecords', () => {
  it('counts the digits of its own length', () => {
    // Around 99 and 999 the length grows by a digit when it counts itself.
    for (let size = 0; size < 1100; size++) {
      const record = recordsOf({ 'user.a': new Uint8Array(size).fill(0x78) })
      expect(Number.parseInt(record, 10)).toBe(record.length)
      expect(record).toBe(`${record.length} SCHILY.xattr.user.a=${'x'.repeat(size)}\n`)
    }
  })

  it('orders attributes by name, and keeps every byte', () => {
    expect(recordsOf({ 'user.b': Uint8Array.of(0, 10, 61, 255), 'user.B': new Uint8Array(0) })).toBe(
      '24 SCHILY.xattr.user.B=\n28 SCHILY.xattr.user.b=\0\n=\xff\n',
    )
  })

  it('writes names as UTF-8, ordered by their bytes', () => {
    expect(recordsOf({ 'user.\u{10000}': new Uint8Array(0), 'user.\uffff': new Uint8Array(0) })).toBe(
      '26 SCHILY.xattr.user.\xef\xbf\xbf=\n27 SCHILY.xattr.user.\xf0\x90\x80\x80=\n',
    )
  })

  it('is read by tar-stream, and only for the entry it belongs to', async () => {
    const entries = await readArchive(
      archiveOf([
        { entry: { type: 'file', path: byteString`a`, mode: 0o444, xattrs: { 'user.text': Buffer.from('hello') } } },
        { entry: { type: 'file', path: byteString`b`, mode: 0o444 } },
      ]),
    )
    expect(entries.map(entry => entry.pax)).toEqual([{ 'SCHILY.xattr.user.text': 'hello' }, {}])
  })

  it('names the entry in the header that carries it', () => {
    const archive = archiveOf([
      { entry: { type: 'file', path: byteString`dir/name`, mode: 0o444, xattrs: { 'user.a': Buffer.from('x') } } },
    ])
    expect(archive.toString('latin1', 0, 16)).toBe('PaxHeaders/name\0')
  })
})
