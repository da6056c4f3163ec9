/**
 * Images whose archives are written field by field, each of a kind that importers take in different ways. All hold a small
 * machine; most have something odd at `usr/a`.
 */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { xz } from '@napi-rs/lzma'
import { END_OF_TAR, paxRecord, type RawEntry, rawEntry, rawLongName, rawPax } from '../../raw-tar.ts'

type Details = Partial<RawEntry>

const entry = (name: string, type: string, details: Details = {}) => rawEntry({ name, type, ...details })
const folder = (name: string, details?: Details) => entry(name, '5', details)
const file = (name: string, data: RawEntry['data'] = 'x', details?: Details) => entry(name, '0', { data, ...details })
const symlink = (name: string, linkname: string, details?: Details) => entry(name, '2', { linkname, ...details })
const hardlink = (name: string, linkname: string, details?: Details) => entry(name, '1', { linkname, ...details })
const fifo = (name: string) => entry(name, '6')

/** An ELF file without an interpreter, as small as the rules need it. */
const INIT = Buffer.alloc(1024)
INIT.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
INIT.writeUInt16LE(process.arch === 'arm64' ? 183 : 62, 18)

const machine = (top = '') => [
  ...['etc', 'sbin', 'usr', 'usr/bin', 'usr/lib'].map(name => folder(top + name)),
  file(`${top}etc/os-release`, 'ID=test\n'),
  file(`${top}usr/bin/init`, INIT, { mode: 0o755 }),
  symlink(`${top}sbin/init`, '../usr/bin/init'),
]
const MACHINE = Buffer.concat(machine())
const TAR = Buffer.concat([MACHINE, END_OF_TAR])
/** The machine, and what follows it in the archive. */
const withAt = (...entries: Buffer[]) => Buffer.concat([MACHINE, ...entries, END_OF_TAR])
/** The machine behind something else. */
const behind = (...entries: Buffer[]) => Buffer.concat([...entries, MACHINE, END_OF_TAR])
const nested = (details: Details) => Buffer.concat([folder('top/', details), ...machine('top/'), END_OF_TAR])
const pax = (...records: Buffer[]) => entry('pax', 'x', { data: Buffer.concat(records) })
const attribute = (name: string, value: string | Uint8Array = 'v') => rawPax({ [`SCHILY.xattr.${name}`]: value })

/** Things at one place. */
const AT_A = {
  file: [file('usr/a')],
  folder: [folder('usr/a')],
  'full folder': [folder('usr/a'), file('usr/a/b')],
  symlink: [symlink('usr/a', 'bin')],
  'hard link': [hardlink('usr/a', 'usr/bin/init')],
  pipe: [fifo('usr/a')],
} as const

const ACL = 'user::rwx,user:1000:r-x,group::r-x,mask::r-x,other::r--'
const CAPABILITIES = Uint8Array.of(1, 0, 0, 2, 0, 0x24, ...Array(14).fill(0))
const zeros = (size: number) => Buffer.alloc(size)
const letters = (size: number) => Buffer.alloc(size, 'x')
const halves = [TAR.subarray(0, 3000), TAR.subarray(3000)] as const
const XZ = xz.compressSync(TAR)

const each = <T>(values: readonly T[], make: (value: T) => readonly [string, Buffer]) =>
  Object.fromEntries(values.map(make))

/** By what is odd. */
export const ODD_IMAGES: Readonly<Record<string, Buffer>> = {
  'nothing odd': TAR,
  ...each(['5', '2', '6', '3', '4', '1', 'D', '7', 'S', 'Q', 'V', 'M', 'N', 'A'], type => [
    `the type ${type}`,
    withAt(entry('usr/a', type, { linkname: 'usr/bin/init', format: 'gnu' })),
  ]),
  ...each(['5', '2', '6', '4', '1', 'D', 'V'], type => [
    `the type ${type} with a size and no contents`,
    withAt(entry('usr/a', type, { linkname: 'usr/bin/init', size: 512 }), file('usr/b'), file('usr/c')),
  ]),
  ...each(['5', '2', '6', '1', 'D', 'Q'], type => [
    `the type ${type} with contents`,
    withAt(entry('usr/a', type, { linkname: 'usr/bin/init', data: letters(700) }), file('usr/b')),
  ]),
  'a hard link with contents, and a pax header': withAt(
    rawPax({ path: 'usr/a' }),
    hardlink('usr/a', 'usr/bin/init', { data: letters(700) }),
    file('usr/b'),
  ),
  'a file with a slash behind its name and contents': withAt(file('usr/a/', 'data'), file('usr/b')),

  ...each([0o700, 0o444, 0], mode => [`a root of the mode ${mode.toString(8)}`, behind(folder('./', { mode }))]),
  'a root of another owner': behind(folder('./', { uid: 1000 })),
  'a root with an attribute': behind(attribute('trusted.a'), folder('./')),
  'a root that is a symlink': behind(symlink('./', 'usr')),
  'a top folder of the mode 700': nested({ mode: 0o700 }),
  'a top folder': nested({}),

  ...each(
    ['user.a', 'trusted.a', 'security.a', 'security.ima', 'security.selinux', 'system.a', 'com.apple.a', 'a', 'user.'],
    name => [`the attribute ${name}`, withAt(attribute(name), file('usr/a'))],
  ),
  'an attribute of a directory': withAt(attribute('user.a'), folder('usr/a')),
  'an attribute of a symlink': withAt(attribute('user.a'), symlink('usr/a', 'b')),
  'an attribute of a pipe': withAt(attribute('user.a'), fifo('usr/a')),
  'an attribute of a hard link': withAt(attribute('trusted.a'), hardlink('usr/a', 'usr/bin/init')),
  'capabilities of a symlink': withAt(attribute('security.capability', CAPABILITIES), symlink('usr/a', 'b')),
  'capabilities that are none': withAt(attribute('security.capability'), file('usr/a')),
  'an attribute too large': withAt(attribute('user.a', letters(65_537)), file('usr/a')),
  'an attribute of libarchive': withAt(rawPax({ 'LIBARCHIVE.xattr.trusted.a': 'Yg' }), file('usr/a')),

  'a list of a setuid file': withAt(rawPax({ 'SCHILY.acl.access': ACL }), file('usr/a', 'x', { mode: 0o4755 })),
  'a default list': withAt(rawPax({ 'SCHILY.acl.default': ACL }), folder('usr/a')),
  'a default list of one name': withAt(rawPax({ 'SCHILY.acl.default': 'user:1:r-x,mask::r-x' }), folder('usr/a')),
  'a list without a mask': withAt(rawPax({ 'SCHILY.acl.access': ACL.replace('mask::r-x,', '') }), file('usr/a')),
  'a list that is none': withAt(rawPax({ 'SCHILY.acl.access': 'hello' }), file('usr/a')),
  'a list of a pipe': withAt(rawPax({ 'SCHILY.acl.access': ACL }), fifo('usr/a')),
  'a list of a symlink': withAt(rawPax({ 'SCHILY.acl.access': ACL }), symlink('usr/a', 'b')),

  ...each(['comment', 'mtime', 'uid', 'gname', 'SCHILY.xattr.user.a', 'VENDOR.a'], key => [
    `${key} for all entries`,
    behind(rawPax({ [key]: '1' }, 'g')),
  ]),
  'an empty global header': behind(rawPax({}, 'g')),
  'an empty pax header': withAt(rawPax({}), file('usr/a')),
  'two pax headers': withAt(rawPax({ path: 'usr/a' }), rawPax({ uid: '7' }), file('usr/b')),
  ...each(['hello', '5 path=usr/a\n', '99 path=usr/a\n', '12 pathusr/a\n', '13 path=usr/ax', '0 a=b\n'], data => [
    `the pax header ${JSON.stringify(data)}`,
    withAt(entry('pax', 'x', { data }), file('usr/b')),
  ]),
  'a pax header with zeros behind it': withAt(pax(paxRecord('path', 'usr/a'), zeros(9)), file('usr/b')),
  ...each([-1, 'x', '', '1.5', 2 ** 33], uid => [
    `the uid ${uid} by pax`,
    withAt(rawPax({ uid: `${uid}` }), file('usr/a')),
  ]),
  ...each(['x', '-1', '9'.repeat(30)], size => [`the size ${size} by pax`, withAt(rawPax({ size }), file('usr/a'))]),
  'a time that is none, by pax': withAt(rawPax({ mtime: 'now' }), file('usr/a')),
  'a negative time, by pax': withAt(rawPax({ mtime: '-1.5' }), file('usr/a')),

  'a negative uid': withAt(file('usr/a', 'x', { format: 'gnu', bytes: { 108: letters(8).fill(0xff) } })),
  'a uid of 32 bits': withAt(
    file('usr/a', 'x', { format: 'gnu', bytes: { 108: Buffer.from('80000000fffffff0', 'hex') } }),
  ),
  'a uid that is none': withAt(file('usr/a', 'x', { bytes: { 108: 'hello\0' } })),
  'a mode that is none': withAt(file('usr/a', 'x', { bytes: { 100: 'hello\0' } })),
  'a blank time': withAt(file('usr/a', 'x', { bytes: { 136: ' '.repeat(11) } })),
  'a negative size': withAt(file('usr/a', '', { bytes: { 124: letters(12).fill(0xff) } })),
  'a device of a large number': withAt(entry('usr/a', '3', { bytes: { 329: '7777777\0' } })),
  'a wrong checksum': withAt(file('usr/a', 'x', { checksumError: 1 })),

  'a symlink to nowhere': withAt(symlink('usr/a', '')),
  'a symlink too long': withAt(rawLongName('x'.repeat(4096), 'K'), symlink('usr/a', 'x', { format: 'gnu' })),
  'a file with a link target': withAt(rawLongName('usr/none', 'K'), file('usr/a', 'x', { format: 'gnu' })),
  'a hard link to nothing': withAt(hardlink('usr/a', '')),
  'a hard link to itself': withAt(hardlink('usr/a', 'usr/a')),
  'a hard link by "/" and "."': withAt(hardlink('usr/a', '/usr/./bin//init')),
  'a hard link with a slash behind it': withAt(hardlink('usr/a', 'usr/bin/init/')),
  'a hard link through a symlink': withAt(symlink('usr/s', 'bin'), hardlink('usr/a', 'usr/s/init')),

  ...Object.fromEntries(
    Object.entries(AT_A).flatMap(([before, first]) =>
      Object.entries(AT_A)
        .filter(([after]) => after !== 'full folder')
        .map(([after, second]) => [`a ${before}, then a ${after}`, withAt(...first, ...second)]),
    ),
  ),
  ...each(['file', 'symlink', 'hard link', 'pipe'] as const, below => [
    `a file below a ${below}`,
    withAt(...AT_A[below], file('usr/a/b')),
  ]),
  'a file below a symlink that leads out': withAt(symlink('usr/a', '/usr/bin'), file('usr/a/b')),
  'a file below a symlink to nothing': withAt(symlink('usr/a', 'none'), file('usr/a/b')),
  'no folder': withAt(file('var/a/b')),

  'a whiteout': withAt(file('usr/.wh.a')),
  'a path with ".."': withAt(file('usr/../a')),
  'a root by its name': withAt(file('.')),
  'an empty name': withAt(file('')),
  'an empty long name': withAt(rawLongName(''), file('usr/a', 'x', { format: 'gnu' })),
  'a name of 256 bytes': withAt(rawLongName(`usr/${'n'.repeat(256)}`), file('usr/a', 'x', { format: 'gnu' })),
  'a name that is no UTF-8': withAt(entry('usr/', '0', { bytes: { 0: Buffer.from('usr/\xe4', 'latin1') } })),
  'a prefix in the GNU format': withAt(file('usr/a', 'x', { format: 'gnu', prefix: 'none' })),
  ...each([127, 128], depth => {
    const names = Array.from({ length: depth }, (_, i) =>
      Array(i + 1)
        .fill('d')
        .join('/'),
    )
    const entries = names.flatMap(name => [rawLongName(name), folder('x', { format: 'gnu' })])
    return [`${depth} levels`, withAt(...entries)]
  }),

  'no end': MACHINE,
  'an end of one block': Buffer.concat([MACHINE, zeros(512)]),
  'an end of half a block': Buffer.concat([MACHINE, zeros(256)]),
  'an end in the middle of contents': TAR.subarray(0, TAR.indexOf('ID=test') + 3),
  ...each([1, 300_000], size => [`${size} zeros behind the end`, Buffer.concat([TAR, zeros(size)])]),
  ...each([1, 1024, 300_000], size => [`${size} bytes behind the end`, Buffer.concat([TAR, letters(size)])]),
  ...each([0, 1], more => [
    `as many bytes behind the end as are read with it, and ${more}`,
    Buffer.concat([TAR, letters(65_536 - TAR.length + more)]),
  ]),
  'a block that is no header': withAt(letters(512)),
  'a block that is no header in front': behind(letters(512)),
  'few zeros only': zeros(100),
  'one byte': letters(1),
  'no byte': zeros(0),

  xz: XZ,
  'two xz streams': Buffer.concat([...halves.map(half => xz.compressSync(half)), zeros(4)]),
  ...each([1, 3, 5], size => [`xz and ${size} zeros`, Buffer.concat([XZ, zeros(size)])]),
  ...each([1, 11, 12, 500], size => [`xz and ${size} bytes`, Buffer.concat([XZ, letters(size)])]),
  'damaged xz': Buffer.from(XZ).fill('x', 60, 70),
  'xz in xz': xz.compressSync(XZ),
  ...each([1, 12, 30, 100], size => [`xz without its last ${size} bytes`, XZ.subarray(0, XZ.length - size)]),
  'gzip of two members': Buffer.concat(halves.map(half => gzipSync(half))),
  'gzip and a byte': Buffer.concat([gzipSync(TAR), letters(1)]),
  ...each([1, 8, 40], size => [`gzip without its last ${size} bytes`, gzipSync(TAR).subarray(0, -size)]),
  zstd: zstdCompressSync(TAR),
  'two zstd frames': Buffer.concat(halves.map(half => zstdCompressSync(half))),
  'zstd and a byte': Buffer.concat([zstdCompressSync(TAR), letters(1)]),
  'zstd without its last byte': zstdCompressSync(TAR).subarray(0, -1),
}
