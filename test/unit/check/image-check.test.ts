import { describe, expect, it } from 'vitest'
import { byteString, EMPTY } from '../../../src/bytes/index.ts'
import { createImageCheck } from '../../../src/check/image-check.ts'
import { checkTree, concerns, type Finding, RULES, type SystemdVersion } from '../../../src/check/index.ts'
import { latin1 } from '../../latin1.ts'
import { brief, directory, file, findingsOf, GOOD, hardlink, program, special, symlink } from './images.ts'

const deep = (levels: number) =>
  Array.from({ length: levels }, (_, i) =>
    directory(
      Array(i + 1)
        .fill('d')
        .join('/'),
    ),
  )

describe('an image with nothing wrong', () => {
  it('has no findings', async () => {
    expect(await findingsOf(GOOD, { system: 'x86_64-linux' })).toEqual([])
  })

  it('may begin with its root, and with "./"', async () => {
    const dotted = GOOD.map(entry => ({
      ...entry,
      path: latin1(`./${entry.path}${entry.type === 'directory' ? '/' : ''}`),
    }))
    expect(await findingsOf([directory('./'), ...dotted])).toEqual([])
  })
})

describe('an entry', () => {
  it.each([
    ['a path with ".."', [file('a/../b')], ['error path a/../b']],
    ['an absolute path', [file('/a')], ['warning path /a']],
    ['a file below a file', [file('a'), file('a/b')], ['error path a/b']],
    ['a root that is a file', [file('.')], ['error path']],
    ['a long name', [file('n'.repeat(256))], [`error name-length ${'n'.repeat(256)}`]],
    ['a long path', [file(`${'n/'.repeat(2100)}n`)], expect.arrayContaining([expect.stringMatching(/name-length/)])],
    ['the most levels', deep(127), []],
    [
      'a level more',
      deep(128),
      [`error depth ${Array(128).fill('d').join('/')}`, `warning limits ${Array(128).fill('d').join('/')}`],
    ],
    ['a file twice', [file('a'), file('a')], ['warning duplicate a']],
    ['a directory twice', [directory('a'), directory('a/')], ['note duplicate a']],
    ['a file for a directory', [directory('a'), file('a')], ['error duplicate a']],
    ['no directory', [file('a/b/c')], ['warning parents a', 'warning parents a/b']],
    ['a directory that comes late', [file('a/b'), directory('a')], ['note order a']],
    ['a return to a directory', [directory('a'), file('b'), file('a/c')], ['note order a/c']],
    ['a file below a symlink', [directory('b'), symlink('a', 'b'), file('a/c')], ['error through-symlink a/c']],
    ['a hard link', [file('a'), hardlink('b', './a')], []],
    ['a hard link to a hard link', [file('a'), hardlink('b', 'a'), hardlink('c', 'b')], []],
    ['a hard link to a symlink', [symlink('a', 'x'), hardlink('b', 'a')], []],
    ['a hard link to nothing', [hardlink('b', 'a')], ['error hard-link b']],
    ['a hard link to what follows', [hardlink('a', 'b'), file('b')], ['error hard-link a']],
    ['a hard link to a directory', [directory('a'), hardlink('b', 'a')], ['error hard-link b']],
    ['a hard link with ".."', [file('a'), hardlink('b', 'x/../a')], ['error hard-link b']],
    [
      'a hard link through a symlink',
      [directory('d'), symlink('l', 'd'), file('l/a'), hardlink('m', 'l/a')],
      ['error through-symlink l/a', 'error hard-link m'],
    ],
    ['a character device', [special('character-device', 'a')], ['warning device-node a']],
    ['a block device', [special('block-device', 'a')], ['warning device-node a']],
    ['a pipe', [special('fifo', 'a')], []],
    ['an unknown type', [special('other', 'a')], ['warning entry-type a']],
    ['the last ID', [file('a', '', { uid: 65535, gid: 65535 })], []],
    ['an ID more', [file('a', '', { uid: 65536, gid: -1 })], ['warning ids a', 'warning ids a', 'error ids a']],
    ['a pax path', [file('a', '', { pax: { path: byteString`a`, mtime: latin1('ä') } })], []],
    ['a pax path of more than ASCII', [file('a', '', { pax: { path: latin1('ä') } })], ['warning non-ascii-pax a']],
    ['an attribute', [file('a', '', { pax: { 'SCHILY.xattr.user.a': EMPTY } })], []],
    [
      'a trusted attribute',
      [file('a', '', { pax: { 'SCHILY.xattr.trusted.a': EMPTY } })],
      ['error xattr a', 'warning xattr a'],
    ],
    ['an attribute of libarchive', [file('a', '', { pax: { 'LIBARCHIVE.xattr.user.a': EMPTY } })], ['note xattr a']],
    [
      'an attribute of both',
      [file('a', '', { pax: { 'LIBARCHIVE.xattr.user.a': EMPTY, 'SCHILY.xattr.user.a': EMPTY } })],
      [],
    ],
    ['a whiteout', [file('.wh.a')], ['warning whiteout .wh.a']],
    ['a symlink to nowhere', [symlink('a', '')], ['error symlink a']],
    ['a hard link with a slash', [file('a'), hardlink('b', 'a/')], ['error hard-link b']],
    ['a name again as a hard link', [file('a'), file('b'), hardlink('b', 'a')], ['error duplicate b']],
    ['a file for a directory with something in it', [directory('a'), file('a/b'), file('a')], ['error duplicate a']],
    ['a root for root', [directory('./', { mode: 0o700 })], ['warning root ./']],
    ['a root for others', [directory('./', { mode: 0o777 })], ['warning root ./']],
    ['a root of another', [directory('./', { uid: 1 })], ['warning root ./']],
    ['a root of the usual mode', [directory('./', { mode: 0o555 })], []],
    ['its last root', [directory('./', { mode: 0o700 }), directory('./')], []],
  ])('%s', async (_, entries, expected) => {
    const before = (await findingsOf([])).map(brief)
    expect((await findingsOf(entries)).map(brief).filter(finding => !before.includes(finding))).toEqual(expected)
  })

  it('below a symlink is refused by all systemd versions if that leads out', async () => {
    const versionsOf = async (target: string) => {
      const findings = await findingsOf([directory('b'), symlink('a', target), file('a/c')])
      return [252, 258, 259].map(version =>
        findings.some(each => concerns(each, version) && each.rule === 'through-symlink'),
      )
    }
    expect(await versionsOf('b')).toEqual([false, false, true])
    expect(await versionsOf('/b')).toEqual([true, true, true])
    expect(await versionsOf('../b')).toEqual([true, true, true])
  })
})

describe('findings', () => {
  it('of one kind are bounded, and summed up as what they are', async () => {
    const entries = Array.from({ length: 50 }, (_, i) => [directory(`a${i}`), directory(`a${i}`)]).flat()
    const found = (await findingsOf([...GOOD, ...entries, file('a0')])).filter(({ rule }) => rule === 'duplicate')
    expect(found).toHaveLength(22)
    expect(found.slice(20)).toMatchObject([
      { severity: 'error', since: 259, path: 'a0' },
      { rule: 'duplicate', severity: 'note', message: 'and 30 more' },
    ])
  })

  it('are those that concern the version that was asked for', async () => {
    const entries = [...GOOD, file('a', '', { pax: { 'SCHILY.xattr.trusted.a': EMPTY } })]
    const severities = async (systemd?: SystemdVersion) =>
      (await findingsOf(entries, { systemd })).map(({ severity }) => severity)
    expect(await severities()).toEqual(['error', 'warning'])
    expect(await severities(258)).toEqual(['warning'])
    expect(await severities(259)).toEqual(['error'])
    expect(await severities('oldest')).toEqual(['warning'])
    expect(await severities('newest')).toEqual(['error'])
    for (const systemd of [251, 263, 257.5]) await expect(severities(systemd)).rejects.toThrow(RangeError)
  })

  it('have their paths as text', async () => {
    const [finding] = await findingsOf([...GOOD, special('other', 'usr/\xc3\xa4')])
    expect(finding!.path).toBe('usr/ä')
  })

  it('concern the versions between two bounds', () => {
    const finding: Finding = { rule: 'non-ascii-pax', severity: 'warning', since: 253, until: 254, message: '' }
    expect([252, 253, 254, 255].map(version => concerns(finding, version))).toEqual([false, true, true, false])
  })

  it('that weigh no more than their rule says', async () => {
    const weights = ['note', 'warning', 'error']
    const found = await findingsOf([file('/a'), file('a'), directory('a'), special('other', 'b'), hardlink('c', 'd')])
    for (const { rule, severity } of found) {
      const most = RULES.find(({ name }) => name === rule)!.severity
      expect(weights.indexOf(severity)).toBeLessThanOrEqual(weights.indexOf(most))
    }
  })
})

describe('rules', () => {
  it('have names of their own, a reason and a source', () => {
    expect(new Set(RULES.map(({ name }) => name)).size).toBe(RULES.length)
    for (const rule of RULES) {
      expect(rule.name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/)
      expect(rule.reason).toMatch(/\w/)
      expect(rule.source).toMatch(/\w/)
    }
  })
})

describe('checkTree', () => {
  it('looks elsewhere for what no entry has', async () => {
    const origin = 'a test'
    const store = '/nix/store/2l7gvysjsjm6zqykb5rw716nrl4b9i4f-system'
    const { findings, system, storePaths } = await checkTree(
      [
        { type: 'directory', path: byteString`etc`, mode: 0o755, origin },
        { type: 'file', path: byteString`etc/os-release`, mode: 0o644, contents: Buffer.from('ID=x\n'), origin },
        { type: 'directory', path: byteString`sbin`, mode: 0o755, origin },
        { type: 'symlink', path: byteString`sbin/init`, target: latin1(`${store}/init`), origin },
        { type: 'directory', path: byteString`usr`, mode: 0o755, origin, uid: 70_000 },
      ],
      {},
      {
        storePaths: [store.slice('/nix/store/'.length)],
        async lookup(path) {
          if (path === `${store}/init`.slice(1)) return program(path)
          return `${store}/`.startsWith(`/${path}/`) ? directory(path) : undefined
        },
      },
    )
    expect(findings.map(brief)).toEqual(['warning ids usr', 'warning registration nix-path-registration'])
    expect(system).toBe('x86_64-linux')
    expect(storePaths).toEqual(['2l7gvysjsjm6zqykb5rw716nrl4b9i4f-system'])
  })

  it('lets through what the lookup throws', async () => {
    const check = createImageCheck()
    const lookup = () => Promise.reject(new Error('no disk'))
    await expect(check.finish({ lookup })).rejects.toThrow('no disk')
  })
})
