import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatSettings,
  ignoredWhenUntrusted,
  type NspawnSettings,
  parseUnitFile,
  SETTINGS_KEYS,
  settingsProblems,
  settingsTextProblems,
  splitWords,
} from '../../../src/systemd/index.ts'
import { ALL_SETTINGS, WRONG_SETTINGS } from './settings-values.ts'

const messagesOf = (settings: unknown) =>
  settingsProblems(settings).map(({ path, message }) => `${path.join('.')}: ${message}`)

describe('formatSettings', () => {
  it('writes sections and keys in one order, whatever the order they are given in', () => {
    const reversed = Object.fromEntries(
      Object.entries(ALL_SETTINGS)
        .reverse()
        .map(([section, keys]) => [section, Object.fromEntries(Object.entries(keys).reverse())]),
    )
    expect(formatSettings(reversed)).toBe(formatSettings(ALL_SETTINGS))
  })

  it('writes a key for each value that may be repeated, and words in one line', () => {
    const settings: NspawnSettings = {
      Network: { Port: [80, 'tcp:8080:80'], VirtualEthernet: false },
      Exec: { Parameters: ['a', 'b c'], Boot: true },
    }
    expect(formatSettings(settings)).toBe(
      '[Exec]\nBoot=yes\nParameters=a "b c"\n\n[Network]\nVirtualEthernet=no\nPort=80\nPort=tcp:8080:80\n',
    )
  })

  it('writes what it takes itself for right', () => {
    expect(settingsProblems(ALL_SETTINGS)).toEqual([])
    expect(settingsTextProblems(formatSettings(ALL_SETTINGS))).toEqual([])
  })

  it('writes words that are read as they were given', () => {
    const word = fc
      .string({ unit: 'grapheme' })
      .filter(text => settingsProblems({ Exec: { Parameters: [text] } }).length === 0)
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), Parameters => {
        const [{ value } = { value: '' }] = parseUnitFile(formatSettings({ Exec: { Parameters } }))
        expect(splitWords(value, 'Parameters')).toEqual(Parameters)
      }),
    )
  })

  it('lets no value bring a key of its own', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r', '\\', '=', '[', ']', '/', ' ', '#') })
    fc.assert(
      fc.property(text, WorkingDirectory => {
        fc.pre(settingsProblems({ Exec: { WorkingDirectory } }).length === 0)
        const read = parseUnitFile(formatSettings({ Exec: { WorkingDirectory, User: 'a' } }))
        expect(read.map(({ key, value }) => [key, value])).toEqual([
          ['User', 'a'],
          ['WorkingDirectory', WorkingDirectory],
        ])
      }),
    )
  })

  it('tells all that is wrong', () => {
    const settings = { Exec: { Boot: 'a', User: '' } } as unknown as NspawnSettings
    expect(() => formatSettings(settings)).toThrow(
      'settings.Exec.Boot: give true or false, not "a"\nsettings.Exec.User: give one line of text, not ""',
    )
  })
})

describe('settingsProblems', () => {
  it.each(WRONG_SETTINGS)('finds that [%s] %s=%s is wrong', (section, key, value) => {
    expect(messagesOf({ [section]: { [key]: value } })).toEqual([
      expect.stringMatching(`^${section}.${key}: (give|has) `),
    ])
    expect(settingsTextProblems(`[${section}]\n${key}=${value}\n`)).toHaveLength(1)
  })

  it('says which name was probably meant', () => {
    expect(messagesOf({ Net: {}, Network: { virtualethernet: true, Boot: true }, Exec: { Prameters: 'a' } })).toEqual([
      'Net: no such section; there are Exec, Files, Network',
      'Network.virtualethernet: no such key; did you mean VirtualEthernet?',
      'Network.Boot: no key of [Network], but of [Exec]; move it there',
      'Exec.Prameters: no such key; did you mean Parameters?',
    ])
  })

  it('wants absolute paths where systemd takes those of the folder that it was started in', () => {
    expect(messagesOf({ Files: { Bind: 'srv:/data' } })).toEqual([expect.stringContaining('Files.Bind: give SOURCE')])
  })

  it('finds the wrong one in a list', () => {
    expect(messagesOf({ Network: { Port: [80, 'x'] } })).toEqual([expect.stringContaining('Network.Port.1: give PORT')])
  })
})

describe('ignoredWhenUntrusted', () => {
  it('names all of [Network], and what reaches out of the machine', () => {
    const { Exec, Files, Network } = ALL_SETTINGS
    const ignored = ignoredWhenUntrusted({ Exec, Files, Network }).map(({ key }) => key)
    expect(ignored).toEqual(
      expect.arrayContaining([...Object.keys(Network ?? {}), 'Bind', 'Capability', 'PrivateUsers']),
    )
    expect(ignored).not.toContain('Boot')
    expect(ignored).not.toContain('DropCapability')
  })

  it('does not name system calls that are forbidden', () => {
    expect(ignoredWhenUntrusted({ Exec: { SystemCallFilter: ['~@mount'] } })).toEqual([])
    expect(ignoredWhenUntrusted({ Exec: { SystemCallFilter: ['@mount'] } })).toHaveLength(1)
  })
})

it('every key has a value in the table of tests', () => {
  const newer = ['PrivateUsersDelegate', 'RestrictAddressFamilies', 'BindUserShell', 'NamespacePath']
  const tested = Object.values(ALL_SETTINGS).flatMap(keys => Object.keys(keys))
  const known = Object.values(SETTINGS_KEYS).flatMap(keys => Object.keys(keys))
  // The older name of PrivateUsersOwnership, which is not given along with it.
  expect(known.filter(key => !tested.includes(key) && !newer.includes(key))).toEqual(['PrivateUsersChown'])
})
