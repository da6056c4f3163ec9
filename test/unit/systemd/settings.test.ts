import { describe, expect, it } from 'vitest'
import {
  checkSettings,
  ignoredWhenUntrusted,
  type NspawnSettings,
  SETTINGS_KEYS,
  settingsProblems,
  settingsTextProblems,
} from '../../../src/systemd/index.ts'
import { ALL_SETTINGS, CLASHING_SETTINGS, FITTING_SETTINGS, OTHER_SETTINGS, WRONG_SETTINGS } from './settings-values.ts'

const messagesOf = (settings: unknown) =>
  settingsProblems(settings).map(({ path, message }) => `${path.join('.')}: ${message}`)

describe('checkSettings', () => {
  it('takes text of up to a mebibyte, unchanged', () => {
    const settings = new Uint8Array(1024 * 1024).fill(0x0a)
    expect(checkSettings(settings)).toBe(settings)
    expect(checkSettings(new Uint8Array(0))).toHaveLength(0)
  })

  it.each([
    ['a byte more', new Uint8Array(1024 * 1024 + 1).fill(0x0a)],
    ['a NUL', new TextEncoder().encode('[Exec]\0\n')],
  ])('refuses %s', (_, settings) => {
    expect(() => checkSettings(settings)).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }))
  })
})

describe('settingsTextProblems', () => {
  it('names a section of settings where a line is in none', () => {
    const problems = settingsTextProblems('Boot=yes\n')
    expect(problems.join()).toContain('it is in no section; put a line such as [Exec] before it')
  })
})

describe('settingsProblems', () => {
  it('finds nothing wrong with what is right', () => {
    expect(settingsProblems({ ...ALL_SETTINGS, Exec: { ...ALL_SETTINGS.Exec, Hostname: undefined } })).toEqual([])
    expect(settingsProblems(OTHER_SETTINGS)).toEqual([])
  })

  it.each(WRONG_SETTINGS)('finds that [%s] %s=%s is wrong', (section, key, value) => {
    expect(messagesOf({ [section]: { [key]: value } })).toEqual([expect.stringMatching(`^${section}.${key}: give `)])
  })

  it.each([
    null,
    [],
    'Boot=yes',
    { Exec: 'Boot=yes' },
    { Exec: null },
    { Exec: { Boot: null } },
    { Exec: { Boot: [true] } },
  ])('takes %j for no settings', settings => {
    expect(settingsProblems(settings)).toHaveLength(1)
  })

  it.each(['a\nBoot=yes', 'a\rb', 'a\0', 'a\u0085b', 'a\u007f'])('takes %j for no value', User => {
    expect(messagesOf({ Exec: { User } })).toEqual([expect.stringContaining('control character')])
    expect(messagesOf({ Exec: { Parameters: [User] } })).toEqual([expect.stringContaining('control character')])
  })

  it.each([' /a', '/a ', '/a\\'])('takes %j for no path', path => {
    expect(messagesOf({ Files: { Bind: [path] } })).toEqual([expect.stringContaining('Files.Bind.0: has space')])
  })

  it('says which name was probably meant', () => {
    expect(messagesOf({ Net: {}, Network: { virtualethernet: true, Boot: true }, Exec: { Prameters: 'a' } })).toEqual([
      'Net: no such section; there are Exec, Files, Network',
      'Network.virtualethernet: no such key; did you mean VirtualEthernet?',
      'Network.Boot: no key of [Network], but of [Exec]; move it there',
      'Exec.Prameters: no such key; did you mean Parameters?',
    ])
    expect(messagesOf({ network: {} })).toEqual(['network: no such section; did you mean Network?'])
    expect(messagesOf({ Exec: { constructor: 1 } })).toEqual([expect.stringContaining('no such key')])
  })

  it('wants absolute paths where systemd takes those of the folder that it was started in', () => {
    for (const path of ['srv:/data', '-/srv:/data']) {
      expect(messagesOf({ Files: { Bind: path } })).toEqual([expect.stringContaining('Files.Bind: give SOURCE')])
    }
  })

  it('wants mount options that there are, which systemd looks at only when it mounts', () => {
    expect(messagesOf({ Files: { Bind: '/a:/b:ro' } })).toEqual([expect.stringContaining('options are rbind')])
  })

  it('finds the wrong one in a list', () => {
    expect(messagesOf({ Network: { Port: [80, 'x'] } })).toEqual([expect.stringContaining('Network.Port.1: give PORT')])
    expect(messagesOf({ Exec: { Capability: 'CAP_NET_ADMIN CAP_X' } })).toEqual([
      expect.stringContaining('not "CAP_X"'),
    ])
  })

  it('finds two that go against each other', () => {
    expect(messagesOf({ Exec: { Boot: true, ProcessTwo: true } })).toEqual([
      expect.stringContaining('ProcessTwo: goes'),
    ])
    expect(messagesOf({ Exec: { Boot: true, ProcessTwo: false } })).toEqual([])
  })

  it.each(CLASHING_SETTINGS)('finds what goes against something else in %j', settings => {
    expect(messagesOf(settings)).toEqual([
      expect.stringMatching(
        /systemd-nspawn (boots no|does not start)|needs a machine with a network of its own: leave out/,
      ),
    ])
  })

  it.each(FITTING_SETTINGS)('finds nothing wrong with %j', settings => {
    expect(messagesOf(settings)).toEqual([])
  })

  it('finds ports that lead to no network of the machine', () => {
    const Port = ['tcp:8080:80']
    const problem = [expect.stringContaining('Network.Port: needs a machine with a network of its own')]
    expect(messagesOf({ Network: { Port, VirtualEthernet: false } })).toEqual(problem)
    expect(messagesOf({ Network: { Port, VirtualEthernet: false, Private: false, Interface: [] } })).toEqual(problem)
    for (const own of [{}, { Private: true }, { Zone: 'z' }, { Bridge: 'br0' }, { Interface: ['eth1'] }]) {
      expect(messagesOf({ Network: { Port, VirtualEthernet: false, ...own } })).toEqual(
        Object.keys(own).length > 0 ? [] : problem,
      )
    }
    for (const network of [{ Port }, { VirtualEthernet: false }, { Port: [], VirtualEthernet: false }]) {
      expect(messagesOf({ Network: network })).toEqual([])
    }
  })

  it('agrees with the types', () => {
    const right: NspawnSettings = {
      Exec: { ResolvConf: false, PrivateUsers: 65536, KillSignal: 15, Parameters: 'a b' },
    }
    expect(settingsProblems(right)).toEqual([])
    // @ts-expect-error no such value
    expect(settingsProblems({ Exec: { ResolvConf: 'link' } } satisfies NspawnSettings)).toHaveLength(1)
    // @ts-expect-error a switch
    expect(settingsProblems({ Files: { ReadOnly: 'yes' } } satisfies NspawnSettings)).toHaveLength(1)
    // @ts-expect-error one value only
    expect(settingsProblems({ Network: { Zone: ['a'] } } satisfies NspawnSettings)).toHaveLength(1)
  })
})

describe('ignoredWhenUntrusted', () => {
  it('names all of [Network], and what reaches out of the machine', () => {
    const ignored = ignoredWhenUntrusted(ALL_SETTINGS).map(({ key }) => key)
    expect(ignored).toEqual(
      expect.arrayContaining([...Object.keys(ALL_SETTINGS.Network ?? {}), 'Bind', 'Capability', 'PrivateUsers']),
    )
    expect(ignored).not.toContain('Boot')
    expect(ignored).not.toContain('DropCapability')
  })

  it('names system calls only if some are allowed', () => {
    expect(ignoredWhenUntrusted({ Exec: { SystemCallFilter: ['~@mount', '~@clock'] } })).toEqual([])
    expect(ignoredWhenUntrusted({ Exec: { SystemCallFilter: ['~@mount', '@clock'] } })).toHaveLength(1)
  })

  it('reads a file as well', () => {
    expect(ignoredWhenUntrusted('[Network]\nPort=80\nPort=81\n[Exec]\nBoot=yes\nEphemeral=no\n')).toEqual([
      { section: 'Exec', key: 'Ephemeral' },
      { section: 'Network', key: 'Port' },
    ])
  })
})

it('every key has a value in the tables of tests', () => {
  const tested = [ALL_SETTINGS, OTHER_SETTINGS]
    .flatMap(settings => Object.values(settings))
    .flatMap(keys => Object.keys(keys))
  const known = Object.values(SETTINGS_KEYS).flatMap(keys => Object.keys(keys))
  expect(tested.sort()).toEqual(known.sort())
})
