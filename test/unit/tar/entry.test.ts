import { describe, expect, it } from 'vitest'
import { byteString } from '../../../src/bytes/index.ts'
import { encodeTarHeader, type TarEntry, TarError, tarEntrySize, tarHeaderSize } from '../../../src/tar/index.ts'
import { latin1 } from '../../latin1.ts'
import { archiveOf, readArchive } from './archive.ts'

const file = (path: string, more: Partial<TarEntry> = {}): TarEntry => ({
  type: 'file',
  path: latin1(path),
  mode: 0o444,
  ...more,
})
const typeflagsOf = (header: Uint8Array) => {
  // Every part in front of the entry's own header takes a header block and its contents.
  const flags: string[] = []
  for (let at = 0; at < header.length; ) {
    flags.push(String.fromCharCode(header[at + 156]!))
    const size = Number.parseInt(Buffer.from(header.subarray(at + 124, at + 135)).toString('latin1'), 8)
    at += 512 + (at + 512 < header.length ? Math.ceil(size / 512) * 512 : 0)
  }
  return flags.join('')
}

describe('encodeTarHeader', () => {
  it.each<[string, TarEntry, string]>([
    ['a name of 100 bytes', file('n'.repeat(100)), '0'],
    ['a name of 101 bytes', file('n'.repeat(101)), 'L0'],
    ['a directory of 99 bytes', { type: 'directory', path: latin1('d'.repeat(99)), mode: 0o555 }, '5'],
    ['a directory of 100 bytes and its slash', { type: 'directory', path: latin1('d'.repeat(100)), mode: 0o555 }, 'L5'],
    [
      'a target of 100 bytes',
      { type: 'symlink', path: byteString`s`, mode: 0o777, linkname: latin1('t'.repeat(100)) },
      '2',
    ],
    [
      'a target of 101 bytes',
      { type: 'symlink', path: byteString`s`, mode: 0o777, linkname: latin1('t'.repeat(101)) },
      'K2',
    ],
    [
      'both too long',
      { type: 'hardlink', path: latin1('h'.repeat(600)), mode: 0o444, linkname: latin1('t'.repeat(600)) },
      'KL1',
    ],
    [
      'all there is',
      file('h'.repeat(600), {
        type: 'symlink',
        linkname: latin1('t'.repeat(600)),
        xattrs: { 'user.a': new Uint8Array(600) },
      }),
      'xKL2',
    ],
  ])('writes %s with these headers', (_, entry, flags) => {
    const header = encodeTarHeader(entry)
    expect(typeflagsOf(header)).toBe(flags)
    expect(header.length).toBe(tarHeaderSize(entry))
  })

  it('ends a long name with a NUL that its size counts', () => {
    const header = Buffer.from(encodeTarHeader(file('n'.repeat(512))))
    expect(header.toString('latin1', 0, 14)).toBe('././@LongLink\0')
    expect(header.toString('latin1', 124, 135)).toBe((513).toString(8).padStart(11, '0'))
    expect(header).toHaveLength(512 + 1024 + 512)
  })

  it('counts contents and padding', () => {
    expect(tarEntrySize(file('f', { size: 0 }))).toBe(512)
    expect(tarEntrySize({ type: 'directory', path: byteString`d`, mode: 0o555, size: 1000 })).toBe(512)
    expect(tarEntrySize(file('f', { size: 1 }))).toBe(1024)
    expect(tarEntrySize(file('f', { size: 512 }))).toBe(1024)
    expect(tarEntrySize(file('f', { size: 2 ** 40 + 1 }))).toBe(512 + 2 ** 40 + 512)
  })

  it('takes no attributes for no attributes at all', () => {
    expect(encodeTarHeader(file('f', { xattrs: {} }))).toHaveLength(512)
  })

  it.each([...['', '/', '/a', 'a/', 'a//b', '.', '..', './a', 'a/.', 'a/../b', 'a/..', 'a\0b']])(
    'refuses the path %j',
    path => {
      expect(() => encodeTarHeader(file(path))).toThrow(expect.objectContaining({ code: 'TAR_PATH_INVALID' }))
    },
  )

  it.each(['/a', '../a', 'a/', 'a/../b'])('refuses a hard link to %j, which is no path of an archive', linkname => {
    const entry: TarEntry = { type: 'hardlink', path: byteString`h`, mode: 0o444, linkname: latin1(linkname) }
    expect(() => encodeTarHeader(entry)).toThrow(expect.objectContaining({ code: 'TAR_PATH_INVALID', path: linkname }))
  })

  it.each(['...', 'a/...', '.a', 'a.', '..a/b..', ' ', '\n', '\\', '\xff'])('takes the path %j', async path => {
    const [entry] = await readArchive(archiveOf([{ entry: file(path) }]))
    expect(entry!.path).toBe(path)
  })

  it.each<[string, TarEntry]>([
    ['a type that is none', { type: 'fifo' as 'file', path: byteString`s`, mode: 0o777 }],
    ['a symlink without target', { type: 'symlink', path: byteString`s`, mode: 0o777 }],
    ['a hard link without target', { type: 'hardlink', path: byteString`s`, mode: 0o777, linkname: byteString`` }],
    ['a target with NUL', { type: 'symlink', path: byteString`s`, mode: 0o777, linkname: latin1('a\0') }],
    ['a file with a target', file('f', { linkname: byteString`x` })],
    ['a directory with a target', { type: 'directory', path: byteString`s`, mode: 0o555, linkname: byteString`x` }],
    ['an attribute without name', file('f', { xattrs: { '': new Uint8Array(1) } })],
    ['an attribute with "="', file('f', { xattrs: { 'user.a=b': new Uint8Array(1) } })],
    ['an attribute with a newline', file('f', { xattrs: { 'user.a\n': new Uint8Array(1) } })],
  ])('refuses %s', (_, entry) => {
    expect(() => encodeTarHeader(entry)).toThrow(TarError)
    expect(() => encodeTarHeader(entry)).toThrow(
      expect.objectContaining({ code: 'TAR_FIELD_INVALID', path: entry.path }),
    )
  })
})

it.each([
  ['size', -1],
  ['mode', 0.5],
  ['mtime', 2 ** 53],
])('refuses a number that does not fit: %s %d', (key, value) => {
  expect(() => encodeTarHeader(file('a', { [key]: value }))).toThrow(
    expect.objectContaining({ code: 'TAR_FIELD_INVALID', message: expect.stringContaining(`a: ${key} is ${value}`) }),
  )
})
