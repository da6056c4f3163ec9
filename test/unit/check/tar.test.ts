import { execFileSync } from 'node:child_process'
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { checkArchive, concerns, type Finding } from '../../../src/check/index.ts'
import { needs } from '../../programs.ts'
import { END_OF_TAR, type RawEntry, rawEntry, rawLongName, rawPax } from '../../raw-tar.ts'
import { temporaryFolder } from '../../temporary.ts'
import { brief, elf } from './images.ts'

const folder = (name: string, details: Partial<RawEntry> = {}) => rawEntry({ name, type: '5', ...details })
const file = (name: string, details: Partial<RawEntry> = {}) => rawEntry({ name, data: 'x', ...details })
const MACHINE = [
  folder('etc/'),
  file('etc/os-release'),
  ...['usr/', 'usr/lib/', 'usr/lib/systemd/'].map(name => folder(name)),
  file('usr/lib/systemd/systemd', { data: elf(62), mode: 0o755 }),
]

async function* whole(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
const check = async (...entries: Buffer[]) =>
  await checkArchive(whole(Buffer.concat([...MACHINE, ...entries, END_OF_TAR])))
const briefs = async (...entries: Buffer[]) =>
  (await check(...entries)).findings.filter(({ rule }) => rule !== 'order').map(brief)
const errorsOf = (findings: readonly Finding[], version: number) =>
  findings.filter(each => each.severity === 'error' && concerns(each, version)).map(({ rule }) => rule)

describe('an entry', () => {
  it.each(['5', '2', '3', '4', '6'])('of the type %s has no contents, whatever its size says', async type => {
    const { entries, findings } = await check(
      rawEntry({ name: 'usr/a', type, linkname: 'x', size: 700 }),
      file('usr/b'),
      file('usr/c'),
    )
    expect(entries).toBe(MACHINE.length + 3)
    expect(errorsOf(findings, 252)).toEqual([])
    expect(findings.map(({ rule, severity }) => `${severity} ${rule}`)).toContain('note entry-size')
  })

  it('that has contents all the same is where reading ends', async () => {
    const { findings } = await check(rawEntry({ name: 'usr/a', type: '5', data: Buffer.alloc(700, 'x') }))
    expect(findings).toContainEqual(
      expect.objectContaining({ rule: 'corrupt', message: expect.stringContaining('usr/a') }),
    )
  })

  it('that is a hard link has contents for some importers only', async () => {
    const link = (details: Partial<RawEntry>) =>
      rawEntry({ name: 'usr/a', type: '1', linkname: 'etc/os-release', ...details })
    const versions = async (...entries: Buffer[]) => {
      const { findings } = await check(...entries)
      return [252, 262].map(version => errorsOf(findings, version).join())
    }
    expect(await versions(link({ size: 700 }), file('usr/b'))).toEqual(['', ''])
    expect(await versions(link({ data: 'x' }), file('usr/b'))).toEqual(['corrupt', 'corrupt'])
    expect(await versions(rawPax({ path: 'usr/a' }), link({ size: 700 }), file('usr/b'))).toEqual(['', 'entry-size'])
    expect(await versions(rawPax({ path: 'usr/a' }), link({ data: 'x' }), file('usr/b'))).toEqual(['entry-size', ''])
  })

  it('has its name and target from what stands in front of it', async () => {
    const long = `usr/${'n'.repeat(200)}`
    expect(await briefs(rawLongName(long), file('usr/n', { format: 'gnu', uid: 70_000 }))).toEqual([
      `warning ids ${long}`,
    ])
    expect(await briefs(rawPax({ path: 'usr/ä', uid: '70000' }), file('usr/n'))).toEqual([
      'warning ids usr/ä',
      'warning non-ascii-pax usr/ä',
    ])
    expect(await briefs(rawLongName('y'.repeat(4096), 'K'), rawEntry({ name: 'usr/l', type: '2' }))).toEqual([
      'error symlink usr/l',
    ])
    expect(await briefs(rawPax({ linkpath: 'etc/os-release' }), rawEntry({ name: 'usr/l', type: '1' }))).toEqual([])
  })

  it.each([
    ['ustar\x01', 'usr', ['error path usr/a']],
    ['ustar  0', 'usr', ['error path usr/a']],
    ['ustar\x01', '', []],
    ['ustar\0\0\0', 'usr', []],
  ])(
    'with the magic %j and the prefix %j has a path of its own for each importer, or not',
    async (magic, prefix, expected) => {
      const name = prefix === '' ? 'usr/a' : 'a'
      expect(await briefs(file(name, { prefix, bytes: { 257: magic } }))).toEqual(expected)
    },
  )

  it('has numbers', async () => {
    const bytes = (hex: string) => Buffer.from(hex, 'hex')
    const field = (offset: number, value: string | Uint8Array) =>
      briefs(file('usr/a', { format: 'gnu', bytes: { [offset]: value } }))
    expect(await field(108, bytes('8000000000000007'))).toEqual([])
    expect(await field(108, bytes('ffffffffffffffff'))).toEqual(['warning ids usr/a', 'error ids usr/a'])
    expect(await field(108, '     7 \0')).toEqual([])
    for (const offset of [100, 108, 116]) expect(await field(offset, ' '.repeat(8))).toEqual(['error number usr/a'])
    for (const offset of [124, 136]) {
      const found = await briefs(rawEntry({ name: 'usr/a', bytes: { [offset]: ' '.repeat(12) } }))
      expect(found).toEqual(['error number usr/a'])
    }
    expect(await field(108, '\0'.repeat(8))).toEqual([])
    expect(await field(108, 'seven\0')).toEqual(['error number usr/a'])
    expect(await field(136, 'now\0')).toEqual(['error number usr/a'])
  })

  it.each([
    ['an unknown type', { type: 'Q' }, ['warning entry-type usr/a']],
    ['a directory of an incremental backup', { type: 'D', data: 'Yb\0\0' }, ['note entry-type usr/a']],
    [
      'a list of Solaris, of which GNU tar makes a file',
      { type: 'A' },
      ['warning entry-type usr/a', 'warning entry-type usr/a'],
    ],
    ['a part of a file', { type: 'M' }, ['error entry-type usr/a']],
    [
      'a device of a large number',
      { type: '3', bytes: { 329: '7777777\0' } },
      expect.arrayContaining(['error number usr/a']),
    ],
    [
      'a device of a number below zero',
      { type: '3', bytes: { 329: Uint8Array.of(0xff, 0, 0, 0, 0, 0, 0, 0) } },
      expect.arrayContaining(['error number usr/a']),
    ],
    [
      'a device without a number',
      { type: '3', bytes: { 337: '00\x10\x30005\0' } },
      expect.arrayContaining(['error number usr/a']),
    ],
  ])('may be %s', async (_, details, expected) => {
    expect(await briefs(file('usr/a', { format: 'gnu', ...details }), file('usr/b'))).toEqual(expected)
  })

  it.each([
    ['a long path', rawLongName('usr/b')],
    ['a long target', rawLongName('usr/b', 'K')],
    ['a pax header', rawPax({ path: 'usr/b' })],
  ])(
    'may not be the label of a volume behind %s, which is for another entry to some importers',
    async (_, extended) => {
      const label = rawEntry({ name: 'label', type: 'V', format: 'gnu' })
      const { findings } = await check(extended, label, file('usr/a'))
      expect([252, 262].map(version => errorsOf(findings, version)[0])).toEqual(['entry-type', 'entry-type'])
      expect(await briefs(label, file('usr/a'))).toEqual([])
    },
  )

  it.each(['0', '3', '5', '6', '7', 'D', 'S', 'Z'])(
    'of the type %s is a hard link to new versions if an extended header has a target',
    async type => {
      for (const extended of [rawPax({ linkpath: 'etc/os-release' }), rawLongName('nothing', 'K')]) {
        const { findings } = await check(extended, rawEntry({ name: 'usr/a', type, format: 'gnu' }))
        const found = findings.filter(({ rule }) => rule === 'hard-link')
        expect(found).toMatchObject([{ path: 'usr/a', since: 259, severity: 'error' }])
      }
    },
  )

  it('of a sparse file may have more of its map in front of its contents', async () => {
    const map = Buffer.alloc(512)
    map[504] = 1
    const header = rawEntry({ name: 'usr/a', type: 'S', format: 'gnu', size: 512, bytes: { 482: '\x01' } })
    const { entries } = await check(
      Buffer.concat([header, map, Buffer.alloc(512), Buffer.alloc(512, 'x')]),
      file('usr/b'),
    )
    expect(entries).toBe(MACHINE.length + 2)
  })
})

describe('a sparse file', () => {
  const programs = needs('tar', 'bsdtar')
  const MAJOR = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.realsize': '4' }
  const block = (text: string) => text.padEnd(512, '\0')

  it.each<[string, Record<string, string>, string, string[]]>([
    ['that fits', MAJOR, `${block('1\n0\n4\n')}EVIL`, []],
    ['in a list that fits', { 'GNU.sparse.map': '0,1,3,1', 'GNU.sparse.size': '4' }, 'EL', []],
    ['without one', MAJOR, 'EVIL', ['error corrupt usr/a']],
    ['without numbers', MAJOR, block('EVIL\n'), ['error corrupt usr/a']],
    ['of more bytes than there are', MAJOR, `${block('1\n0\n4\n')}E`, ['error corrupt usr/a']],
    ['of fewer bytes than there are', MAJOR, `${block('1\n0\n4\n')}EVIL!`, ['warning corrupt usr/a']],
    ['beyond its size', { 'GNU.sparse.map': '0,5', 'GNU.sparse.size': '4' }, 'EVIL!', ['error corrupt usr/a']],
  ])('has a map: one %s', async (_, records, data, expected) => {
    const { entries } = await check(rawPax(records), file('usr/a', { data }), file('usr/b'))
    expect(entries).toBe(MACHINE.length + 2)
    expect(await briefs(rawPax(records), file('usr/a', { data }), file('usr/b'))).toEqual(expected)
  })

  it.skipIf(programs.skip)(`of GNU tar and bsdtar has no fault${programs.because}`, async () => {
    const folder = temporaryFolder()
    const descriptor = openSync(join(folder, 'sparse'), 'w')
    // GNU tar writes four parts into a header, and the others behind it.
    for (let i = 0; i < 30; i++) writeSync(descriptor, `part ${i}`, i * 1_000_000)
    ftruncateSync(descriptor, 31_000_000)
    closeSync(descriptor)
    const archives = [
      ['tar', '--format=gnu', '--sparse'],
      ...['0.0', '0.1', '1.0'].map(version => ['tar', '--format=pax', '--sparse', `--sparse-version=${version}`]),
      ['bsdtar', '--format=pax', '--read-sparse'],
    ]
    for (const [program = '', ...options] of archives) {
      const bytes = execFileSync(program, [...options, '-cf', '-', '-C', folder, 'sparse'])
      expect(bytes.length).toBeLessThan(1_000_000)
      const { findings } = await checkArchive(whole(bytes))
      expect(findings.filter(({ rule }) => rule === 'corrupt')).toEqual([])
    }
  })
})

describe('a pax header', () => {
  const header = (data: string, type = 'x') => rawEntry({ name: 'pax', type, data })
  it.each([
    ['text', header('hello'), ['error pax', 'warning pax']],
    ['a length beyond its end', header('99 a=b\n'), ['error pax', 'warning pax']],
    ['no newline', header('7 a=bcd'), ['error pax', 'warning pax']],
    ['no equals sign', header('6 abc\n'), ['error pax', 'warning pax']],
    ['zeros behind its records', header('6 a=b\n\0\0'), ['warning pax']],
    ['nothing', header(''), ['error pax']],
    ['a size that is none', rawPax({ size: 'x' }), ['error pax']],
    ['an owner that is none', rawPax({ uid: '-1' }), ['error pax', 'warning ids usr/a', 'error ids usr/a']],
    ['a time before 1970', rawPax({ mtime: '-1.5' }), []],
    ['a time that is none', rawPax({ mtime: '' }), ['error pax']],
    ['a comment for all', rawPax({ comment: 'x' }, 'g'), []],
    ['a time for all', rawPax({ mtime: '1' }, 'g'), ['error pax-global']],
    ['nothing for all', header('', 'g'), ['error pax-global']],
    ['an empty path', rawPax({ path: '' }), ['error pax']],
    ['an empty path for all', rawPax({ path: '' }, 'g'), ['error pax-global', 'error pax']],
    ['a NUL in a path', rawPax({ path: 'usr/a\0b' }), ['error pax usr/a\0b']],
    [
      'a NUL in a path, and zeros behind it',
      header('17 path=usr/a\0bc\n\0'),
      ['warning pax usr/a\0bc', 'error pax usr/a\0bc'],
    ],
    ['a NUL in a target', rawPax({ linkpath: '\0b' }), ['error pax']],
    ['a NUL in a path for all', rawPax({ path: 'usr/a\0b' }, 'g'), ['error pax-global', 'error pax']],
    ['a NUL in an attribute', rawPax({ 'SCHILY.xattr.user.a': 'a\0b' }), []],
    ['another behind it', Buffer.concat([rawPax({ uid: '1' }), rawPax({ gid: '1' })]), ['error pax', 'warning pax']],
  ])('may hold %s', async (_, bytes, expected) => {
    expect(await briefs(bytes, file('usr/a'))).toEqual(expected)
  })

  it('in front of another is refused, or forgotten by GNU tar', async () => {
    const { findings } = await check(rawPax({ path: 'usr/b' }), rawPax({ comment: 'x' }), file('usr/a'))
    expect([252, 262].map(version => errorsOf(findings, version))).toEqual([[], ['pax']])
    expect(findings).toContainEqual(expect.objectContaining({ rule: 'pax', severity: 'warning', until: 258 }))
  })

  it('of one owner for all is obeyed', async () => {
    expect(await briefs(rawPax({ uid: '70000' }, 'g'), file('usr/a'))).toContain('warning ids usr/a')
  })
})

describe('an access control list', () => {
  const NAMES = 'user::rwx,user:joe:r-x:1000,group::r-x,mask::r-x,other::r--'
  const lists = async (type: string, mode: number, records: Record<string, string>) =>
    (await check(rawPax(records), rawEntry({ name: 'usr/a', type, mode, linkname: 'etc/os-release' }))).findings.map(
      ({ severity, message, since }) => `${severity} ${since ?? ''} ${/becomes \d+/.exec(message)?.[0] ?? ''}`.trim(),
    )

  it.each([
    ['that says what the mode says', '0', 0o754, { 'SCHILY.acl.access': 'user::rwx\ngroup::r-x\nother::r--\n' }, []],
    ['of a setuid file', '0', 0o4754, { 'SCHILY.acl.access': NAMES }, ['warning 259 becomes 0754', 'warning']],
    ['of names', '0', 0o754, { 'SCHILY.acl.access': NAMES }, ['warning']],
    [
      'for what is made in a directory',
      '5',
      0o755,
      { 'SCHILY.acl.default': NAMES },
      ['warning 259 becomes 0000', 'warning'],
    ],
    ['of NFS', '0', 0o644, { 'SCHILY.acl.ace': 'x' }, ['warning 259 becomes 0000', 'warning']],
    ['without a mask', '0', 0o754, { 'SCHILY.acl.access': 'user:1:rwx' }, ['error 259', 'warning']],
    ['of a pipe', '6', 0o644, { 'SCHILY.acl.access': NAMES }, ['error 259', 'warning']],
    ['of half a default', '5', 0o755, { 'SCHILY.acl.default': 'user:1:rwx,mask::r-x' }, ['error 259', 'warning']],
    ['of a symlink', '2', 0o777, { 'SCHILY.acl.access': NAMES }, []],
    ['of a hard link', '1', 0o644, { 'SCHILY.acl.access': NAMES }, []],
  ])('%s is told', async (_, type, mode, records, expected) => {
    expect(await lists(type, mode, records)).toEqual(expected)
  })
})

describe('an attribute', () => {
  const CAPABILITIES = Buffer.from('0100000200240000000000000000000000000000', 'hex')
  it.each([
    ['user.a', '0', 'x', false],
    ['user.a', '5', 'x', false],
    ['user.a', '2', 'x', true],
    ['user.a', '6', 'x', true],
    ['user.a', '0', 'x'.repeat(65_537), true],
    ['user.', '0', 'x', true],
    ['security.capability', '0', CAPABILITIES, false],
    ['security.capability', '0', 'x', true],
    ['security.selinux', '0', 'x', false],
    ['security.ima', '0', 'x', true],
    ['trusted.a', '1', 'x', false],
    ['com.apple.a', '0', 'x', true],
  ])('%s of the type %s', async (name, type, value, isRefused) => {
    const { findings } = await check(
      rawPax({ [`SCHILY.xattr.${name}`]: value }),
      rawEntry({ name: 'usr/a', type, linkname: 'etc/os-release' }),
    )
    expect(errorsOf(findings, 262)).toEqual(isRefused ? ['xattr'] : [])
    expect(errorsOf(findings, 252)).toEqual([])
  })
})

describe('what is no tar archive', () => {
  it('may be one of cpio, which new versions read', async () => {
    const { findings } = await checkArchive(whole(Buffer.from(`070701${'0'.repeat(200)}`)))
    expect(findings).toMatchObject([{ rule: 'corrupt', severity: 'error', until: 258 }])
  })
})
