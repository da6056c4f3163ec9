import { describe, expect, it } from 'vitest'
import { byteString } from '../../../src/bytes/index.ts'
import type { CheckedEntry } from '../../../src/check/checked-entry.ts'
import { createImageCheck } from '../../../src/check/image-check.ts'
import type { System } from '../../../src/check/index.ts'
import { brief, directory, elf, file, findingsOf, GOOD, goodWithout, program, symlink } from './images.ts'

const INIT = 'usr/lib/systemd/systemd'
const withInit = (...inits: CheckedEntry[]) => [...goodWithout(INIT, 'sbin/init'), ...inits]

describe('a link', () => {
  it('may lead to a name that all objects of this language have', async () => {
    const entries = [
      ...withInit(symlink('sbin/init', '/constructor/x')),
      directory('function Object() { [native code] }'),
    ]
    expect((await findingsOf(entries)).map(brief)).toContain('error init sbin/init')
  })
})

describe('os-release', () => {
  it.each([
    ['in usr/lib', [...goodWithout('etc/os-release'), file('usr/lib/os-release')], []],
    [
      'a relative symlink',
      [...goodWithout('etc/os-release'), symlink('etc/os-release', '../usr/lib/systemd/systemd')],
      [],
    ],
    [
      'a symlink that leaves the root',
      [...goodWithout('etc/os-release'), symlink('etc/os-release', '../../../usr/lib/systemd/systemd')],
      [],
    ],
    [
      'an absolute symlink',
      [...goodWithout('etc/os-release'), symlink('etc/os-release', `/${INIT}`)],
      ['note os-release etc/os-release'],
    ],
    ['a symlink to nothing', [...goodWithout('etc/os-release'), symlink('etc/os-release', 'x')], ['error os-release']],
    ['a loop', [...goodWithout('etc/os-release'), symlink('etc/os-release', 'os-release')], ['error os-release']],
    [
      'a directory',
      [...goodWithout('etc/os-release'), directory('etc/os-release')],
      ['warning os-release etc/os-release'],
    ],
    ['missing', goodWithout('etc/os-release'), ['error os-release']],
    [
      'missing where there is no init',
      goodWithout('etc/os-release', INIT, 'sbin/init'),
      ['warning init', 'warning os-release'],
    ],
  ])('%s', async (_, entries, expected) => {
    const found = (await findingsOf(entries)).filter(({ rule }) => rule !== 'order')
    expect(found.map(brief)).toEqual(expected)
  })

  it('in a single folder is moved up with all the rest', async () => {
    const nested = [directory('x'), ...GOOD.map(entry => ({ ...entry, path: byteString`x/${entry.path}` }))]
    expect((await findingsOf(nested)).map(brief)).toEqual(['note nested x/'])
    expect((await findingsOf([...nested, directory('y')])).map(brief)).toEqual([
      'warning init',
      'warning os-release',
      'note usr',
    ])
  })
})

describe('init', () => {
  it.each([
    ['none', [], ['warning init']],
    ['a symlink to nothing', [symlink('sbin/init', '/x')], ['error init sbin/init']],
    ['one that is not executable', [file(INIT, elf(62))], [`error init ${INIT}`]],
    ['a directory', [directory(INIT)], [`error init ${INIT}`]],
    ['text', [program(INIT, 'hello')], [`error init ${INIT}`]],
    ['an empty file', [program(INIT, '')], [`error init ${INIT}`]],
    ['a script without a name', [program(INIT, '#! \n')], [`error init ${INIT}`]],
    ['a script', [program('usr/sh'), program(INIT, '#! /usr/sh -e\n')], []],
    ['a script of a script', [program('usr/sh'), program('usr/b', '#!/usr/sh\n'), program(INIT, '#!/usr/b\n')], []],
    ['a script of itself', [program(INIT, `#!/${INIT}\n`)], [`error init ${INIT}`]],
    ['a script without its interpreter', [program(INIT, '#!/bin/sh\n')], [`error init ${INIT}`]],
    ['a program with its loader', [program('usr/ld.so'), program(INIT, elf(62, '/usr/ld.so'))], []],
    ['a program without its loader', [program(INIT, elf(62, '/lib64/ld.so'))], [`error init-machine ${INIT}`]],
    ['a program for another machine', [program(INIT, elf(183))], [`error init-machine ${INIT}`]],
    [
      'a script for another machine',
      [program('usr/sh', elf(40)), program(INIT, '#!/usr/sh\n')],
      [`error init-machine ${INIT}`],
    ],
    ['a second that works', [file(INIT), program('sbin/init')], [`warning init ${INIT}`]],
    ['an unknown head', [{ ...program(INIT), contents: undefined }], []],
    ['a hard link', [program('usr/a'), { ...file(INIT), type: 'hardlink' as const, target: 'usr/a' }], []],
  ])('%s', async (_, inits, expected) => {
    const found = (await findingsOf(withInit(...(inits as CheckedEntry[])), { system: 'x86_64-linux' })).filter(
      ({ rule }) => rule !== 'order' && rule !== 'parents',
    )
    expect(found.map(brief)).toEqual(expected)
  })

  it('is found below the links that systemd-nspawn adds', async () => {
    const entries = [...goodWithout(INIT, 'sbin', 'sbin/init'), directory('usr/sbin'), program('usr/sbin/init')]
    expect((await findingsOf(entries)).map(brief)).toEqual([])
  })

  it('tells the system', async () => {
    const systemOf = async (machine: number): Promise<System | undefined> => {
      const check = createImageCheck()
      for (const entry of withInit(program(INIT, elf(machine)))) check.entry(entry)
      return (await check.finish()).system
    }
    expect(await systemOf(62)).toBe('x86_64-linux')
    expect(await systemOf(183)).toBe('aarch64-linux')
    expect(await systemOf(40)).toBeUndefined()
  })
})

describe('what is read at the start', () => {
  it.each([
    ['an ID', '0123456789abcdefABCDEF0123456789\n', []],
    ['nothing', '', []],
    ['no ID yet', 'uninitialized\n', []],
    ['text', 'hello\n', ['error machine-id etc/machine-id']],
    ['an ID with hyphens', '01234567-89ab-cdef-0123-456789abcdef\n', ['error machine-id etc/machine-id']],
    ['two newlines', `${'1'.repeat(32)}\n\n`, ['error machine-id etc/machine-id']],
  ])('may be a machine ID of %s', async (_, text, expected) => {
    const found = await findingsOf([...GOOD, file('etc/machine-id', text)])
    expect(found.filter(({ rule }) => rule !== 'order').map(brief)).toEqual(expected)
  })

  it.each([
    ['a directory', [directory('etc/machine-id')], ['error machine-id etc/machine-id']],
    ['a loop', [symlink('etc/machine-id', 'machine-id')], ['error machine-id etc/machine-id']],
    ['a symlink to nothing', [symlink('etc/machine-id', 'none')], []],
    ['/proc as a file', [file('proc')], ['error mount-point proc']],
    ['/run as a symlink to a file', [symlink('run', 'etc/os-release')], ['error mount-point run']],
    ['/tmp as a symlink to a directory', [symlink('tmp', 'usr')], []],
    ['/dev as a symlink to nothing', [symlink('dev', 'none')], []],
  ])('may be %s', async (_, entries, expected) => {
    const found = await findingsOf([...GOOD, ...(entries as CheckedEntry[])])
    expect(found.filter(({ rule }) => rule !== 'order').map(brief)).toEqual(expected)
  })

  it('is refused by some versions if the ID is all zeros', async () => {
    const found = await findingsOf([...GOOD, file('etc/machine-id', '0'.repeat(32))])
    expect(found.filter(({ rule }) => rule === 'machine-id')).toMatchObject([{ severity: 'error', until: 256 }])
  })
})

describe('usr', () => {
  it('is missed', async () => {
    const entries = [
      ...goodWithout(...GOOD.map(({ path }) => path).filter(path => path.startsWith('usr'))),
      program('sbin/init'),
    ]
    expect((await findingsOf(entries)).map(brief)).toContain('note usr')
  })
})
