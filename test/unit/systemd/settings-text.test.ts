import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatSettings,
  type NspawnSettings,
  parseSettings,
  parseUnitFile,
  SETTINGS_KEYS,
  settingsProblems,
  settingsTextProblems,
} from '../../../src/systemd/index.ts'
import { ALL_SETTINGS, anyAssignment, OTHER_SETTINGS, WRONG_SETTINGS } from './settings-values.ts'

const parse = (text: string) => {
  const { settings, problems } = parseSettings(text)
  expect(problems).toEqual([])
  return settings
}

describe('formatSettings', () => {
  it('writes sections and keys in one order, whatever the order they are given in', () => {
    const reversed = Object.fromEntries(
      Object.entries(ALL_SETTINGS)
        .reverse()
        .map(([section, keys]) => [section, Object.fromEntries(Object.entries(keys).reverse())]),
    )
    expect(formatSettings(reversed)).toBe(formatSettings(ALL_SETTINGS))
  })

  it('writes a line for each value, and words in one line', () => {
    const settings: NspawnSettings = {
      Network: { Port: [80, 'tcp:8080:80'], VirtualEthernet: true, Bridge: undefined },
      Exec: { Parameters: ['a', 'b c', '', `it's "x"`, '\\'], Environment: 'A=b c', Boot: true, Capability: [] },
      Files: {},
    }
    expect(formatSettings(settings)).toBe(
      `[Exec]\nBoot=yes\nParameters=a "b c" "" "it's "'"'"x"'"' "\\"\nEnvironment="A=b c"\n\n` +
        '[Network]\nVirtualEthernet=yes\nPort=80\nPort=tcp:8080:80\n',
    )
  })

  it('writes words in one way, whether they are given as a list or as a text', () => {
    const Parameters = formatSettings({ Exec: { Parameters: `a  'b c' ""` } })
    expect(Parameters).toBe(formatSettings({ Exec: { Parameters: ['a', 'b c', ''] } }))
  })

  it('tells all that is wrong', () => {
    const settings = { Exec: { Boot: 'a', MachineID: '' } } as unknown as NspawnSettings
    expect(() => formatSettings(settings)).toThrow(
      'settings.Exec.Boot: give true or false, not "a"\n' +
        'settings.Exec.MachineID: give 32 hex digits that are not all 0, not ""',
    )
    expect(() => formatSettings(settings)).toThrow(expect.objectContaining({ code: 'SETTINGS_INVALID' }))
  })
})

describe('parseSettings', () => {
  it('reads a list of a hundred thousand lines, and tells of as many that are wrong', () => {
    const lines = (key: string) => `[Files]\n${Array.from({ length: 100_000 }, (_, i) => `${key}=/${i}\n`).join('')}`
    expect(parse(lines('Bind')).Files?.Bind).toHaveLength(100_000)
    expect(parseSettings(lines('Bnid')).problems).toHaveLength(100_000)
  })

  it.each([
    ['all keys', ALL_SETTINGS],
    ['those of newer versions', OTHER_SETTINGS],
  ])('reads what formatSettings writes: %s', (_, settings) => {
    const text = formatSettings(settings)
    const read = parse(text)
    expect(formatSettings(read)).toBe(text)
    expect(Object.keys(read.Exec ?? {})).toEqual(Object.keys(settings.Exec ?? {}))
    expect(read.Exec?.Parameters).toEqual(settings.Exec?.Parameters)
    expect(read.Exec?.Environment).toEqual(settings.Exec?.Environment)
    expect(read.Exec?.OOMScoreAdjust).toEqual(settings.Exec?.OOMScoreAdjust)
    expect(read.Network?.Private).toEqual(settings.Network?.Private)
  })

  it('reads words of all kinds as they were given', () => {
    const word = fc.string({ unit: fc.constantFrom('a', ' ', '\t', '"', "'", '\\', '#', ';', 'ä', '\u00a0') })
    fc.assert(
      fc.property(fc.array(word, { minLength: 1 }), Parameters => {
        const Environment = Parameters.map(text => `A=${text}`)
        expect(parse(formatSettings({ Exec: { Parameters, Environment } }))).toEqual({
          Exec: { Parameters, Environment },
        })
      }),
    )
  })

  it('has a canonical form of all that it takes for right', () => {
    fc.assert(
      fc.property(anyAssignment, ({ section, key, value }) => {
        const { settings, problems } = parseSettings(`[${section}]\n${key}=${value}\n`)
        if (problems.length > 0) expect(settings).toEqual({})
        const text = formatSettings(settings)
        expect(formatSettings(parse(text))).toBe(text)
      }),
      { numRuns: 2000 },
    )
  })

  it('lets the last of several values count, or all of them, from the last empty one on', () => {
    const text =
      '[Exec]\nUser=a\nUser=b\nParameters=a\nParameters=\nParameters=b c\nParameters=d\nHostname=a\nHostname=\n'
    expect(parse(`${text}[Network]\nPort=80\nPort=udp:53\n`)).toEqual({
      Exec: { User: 'b', Parameters: ['b', 'c', 'd'] },
      Network: { Port: ['80', 'udp:53'] },
    })
  })

  it.each([
    ...['1hour', '5 minutes', '1month', '2months', '1M', '1 year', '1y 2w 3days', '10msec', '1usec', '1µs', '1μs'].map(
      span => `LimitCPU=${span}`,
    ),
    ...['1M1K', '1 G 5K', '1K5', '5B', '1.5T2B'].map(size => `LimitFSIZE=${size}`),
    ...['2minutes:1hour', '1months:1years'].map(limits => `LimitRTTIME=${limits}`),
  ])('takes the units of systemd.time(7) and sizes of several parts: %s', line => {
    expect(settingsTextProblems(`[Exec]\n${line}\n`)).toEqual([])
  })

  it.each(['Boot', 'PivotRoot', 'MachineID', 'PrivateUsers', 'LimitCPU', 'ResolvConf', 'DropCapability'])(
    'wants a value for %s, which cannot be taken back',
    key => expect(settingsTextProblems(`[Exec]\n${key}=\n`)).toHaveLength(1),
  )

  it.each(['Ephemeral', 'User', 'WorkingDirectory', 'Hostname', 'OOMScoreAdjust', 'CPUAffinity', 'Environment'])(
    'lets an empty value take back what %s was',
    key => {
      const text = formatSettings(ALL_SETTINGS)
      expect(text).toContain(`\n${key}=`)
      expect(parse(`${text}\n[Exec]\n${key}=\n`).Exec).not.toHaveProperty(key)
    },
  )

  it('reads switches as systemd does', () => {
    expect(
      parse('[Exec]\nBoot=ON\nPrivateUsers=0\nNotifyReady=f\nTimezone=off\nLinkJournal=no\nResolvConf=1\n'),
    ).toEqual({
      Exec: {
        Boot: true,
        PrivateUsers: false,
        NotifyReady: false,
        Timezone: 'off',
        LinkJournal: 'no',
        ResolvConf: true,
      },
    })
  })

  it('reads switches as it reads what it writes of them', () => {
    for (const [section, keys] of Object.entries(SETTINGS_KEYS)) {
      for (const [key, { kind }] of Object.entries(keys)) {
        if (!(kind.types as readonly string[]).includes('boolean')) continue
        for (const word of ['0', 'no', 'n', 'FALSE', 'off', '1', 'yes', 'Y', 't', 'on']) {
          const { settings } = parseSettings(`[${section}]\n${key}=${word}\n`)
          expect(parse(formatSettings(settings)), `${key}=${word}`).toEqual(settings)
        }
      }
    }
    expect(parse('[Exec]\nLinkJournal=0\n')).toEqual({ Exec: { LinkJournal: 'no' } })
  })

  it('passes over what belongs to other programs', () => {
    expect(parse('[X-Web]\nA=b\n[Exec]\nX-Note=a\nBoot=yes\n')).toEqual({ Exec: { Boot: true } })
  })

  it('leaves out what is wrong, and says where', () => {
    const text = '[Exec]\nboot=yes\nUser=a\n[Files]\nBind=/a\nBind=b\n[Net]\nPort=80\n'
    const { settings, problems } = parseSettings(text)
    expect(settings).toEqual({ Exec: { User: 'a' }, Files: { Bind: ['/a'] } })
    expect(problems.map(({ line, path }) => [line, ...path])).toEqual([
      [2, 'Exec', 'boot'],
      [6, 'Files', 'Bind'],
      [8, 'Net'],
    ])
  })

  it('takes one of two that go against each other', () => {
    const { settings, problems } = parseSettings('[Exec]\nBoot=yes\nProcessTwo=yes\n')
    expect(settings).toEqual({ Exec: { Boot: true } })
    expect(problems).toEqual([expect.objectContaining({ path: ['Exec', 'ProcessTwo'], line: 3 })])
  })

  it.each(['Parameters', 'Environment'])('wants the quotes of %s closed', key => {
    expect(settingsTextProblems(`[Exec]\n${key}=A="b\n`)).toEqual([
      `settings line 2: [Exec] ${key}: close the quotes of "A=\\"b"`,
    ])
  })

  it('says what has not the syntax of a unit file', () => {
    const { settings, problems } = parseSettings('[Exec]\nBoot=yes\nBoot\n')
    expect(settings).toEqual({})
    expect(problems).toEqual([expect.objectContaining({ line: 3, path: [] })])
    expect(settingsTextProblems('[Exec]\nBoot\n')).toEqual([expect.stringContaining('settings line 2, "Boot"')])
  })

  it.each(WRONG_SETTINGS)('finds that [%s] %s=%s is wrong', (section, key, value) => {
    expect(settingsTextProblems(`[${section}]\n${key}=${value}\n`)).toEqual([
      expect.stringContaining(`settings line 2: [${section}] ${key}: give `),
    ])
  })
})

describe('what formatSettings writes', () => {
  it('has no key but those that were given, whatever their values', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '\n', '\r', '\0', '\\', '=', '[', ']', '/', ' ', '#', '"') })
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        const settings = {
          Exec: { User: a, WorkingDirectory: `/${b}`, Parameters: [c] },
          Files: { Inaccessible: [`/${a}`], Bind: `/${c}` },
        }
        const wrong = settingsProblems(settings).map(({ path: [, key] }) => key)
        const right = Object.fromEntries(
          Object.entries(settings).map(([section, keys]) => [
            section,
            Object.fromEntries(Object.entries(keys).filter(([key]) => !wrong.includes(key))),
          ]),
        )
        const read = parseUnitFile(formatSettings(right)).map(({ key }) => key)
        expect(read.sort()).toEqual(
          Object.values(right)
            .flatMap(keys => Object.keys(keys))
            .sort(),
        )
      }),
      { numRuns: 1000 },
    )
  })
})
