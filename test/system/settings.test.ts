import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  formatSettings,
  ignoredWhenUntrusted,
  type NspawnSettings,
  SETTINGS_KEYS,
  type SettingKey,
  settingsTextProblems,
} from '../../src/systemd/index.ts'
import {
  ALL_SETTINGS,
  anyAssignment,
  CLASHING_SETTINGS,
  FITTING_SETTINGS,
  OTHER_SETTINGS,
  WRONG_SETTINGS,
} from '../unit/systemd/settings-values.ts'
import { bootDebianHost, type DebianHost, HOST_PROGRAMS, SUITES, type Suite } from './support/debian-host.ts'
import { MACHINES } from './support/guest.ts'
import { needsRoot } from './support/root.ts'
import { createScratch, type Scratch } from './support/scratch.ts'

const nspawn = needsRoot(...HOST_PROGRAMS)

const MACHINE = 'settings'
const TRUSTED = '/run/systemd/nspawn'
const KEYS: Readonly<Record<string, Readonly<Record<string, SettingKey<unknown>>>>> = SETTINGS_KEYS

/** Values that only newer versions know, of keys that all do. */
const NEWER_VALUES: readonly [section: string, key: string, value: string, since: number][] = [
  ['Exec', 'PrivateUsers', 'managed', 258],
  ['Files', 'PrivateUsersOwnership', 'foreign', 258],
]

const suites = Object.entries(SUITES) as [Suite, number][]
describe.skipIf(nspawn.skip).each(suites)(`systemd-nspawn of %s (systemd %i)${nspawn.because}`, (suite, systemd) => {
  let scratch: Scratch
  let host: DebianHost
  beforeAll(async () => {
    scratch = createScratch()
    host = await bootDebianHost(scratch, suite)
    const root = join(host.root, MACHINES, MACHINE)
    mkdirSync(join(root, 'usr'), { recursive: true })
    for (const name of ['bin', 'lib', 'lib64']) symlinkSync(`usr/${name}`, join(root, name))
    await host.run('mkdir', '-p', TRUSTED)
  })
  afterAll(async () => {
    await host?.stop()
    scratch?.remove()
  })

  it('understands every key as it is written', async () => {
    expect(await complaints(formatSettings(ALL_SETTINGS))).toEqual([])
  })

  it('knows the keys that it is new enough for, and no others', async () => {
    const newer = entriesOf(OTHER_SETTINGS)
    const keys = entriesOf(KEYS).filter(({ since }) => since > 0)
    expect(newer.map(({ key }) => key)).toEqual(expect.arrayContaining(keys.map(({ key }) => key)))
    for (const { section, key, value, since } of newer) {
      const found = await complaints(formatSettings({ [section]: { [key]: value } }))
      const lines = [value].flat().map(() => expect.stringContaining('Unknown key'))
      expect(found, key).toEqual(since <= systemd ? [] : lines)
    }
  })

  it.each(NEWER_VALUES)('knows [%s] %s=%s if it is new enough', async (section, key, value, since) => {
    const text = formatSettings({ [section]: { [key]: value } })
    expect(text).toContain(`${key}=${value}\n`)
    expect((await complaints(text)).length).toBe(since <= systemd ? 0 : 1)
  })

  it('complains of all that we take for wrong', async () => {
    // With these it drops the rest of the file.
    const [fatal, others] = [true, false].map(isFatal =>
      WRONG_SETTINGS.filter(([, key]) => isFatal === (key === 'CPUAffinity')),
    )
    const texts = others.map(([section, key, value]) => `[${section}]\n${key}=${value}\n`)
    const found = await complaints(texts.join(''))
    const taken = texts.filter((_, i) => !found.some(line => line.includes(`.nspawn:${2 * i + 2}: `)))
    // Newer ones take it for `/`.
    expect(taken).toEqual(systemd < 257 ? [] : ['[Exec]\nWorkingDirectory=/..\n'])
    for (const [section, key, value] of fatal) {
      expect(await complaints(`[${section}]\n${key}=${value}\n`)).not.toEqual([])
    }
  })

  it('complains of nothing that we take for right', async () => {
    const samples = fc.sample(anyAssignment, { seed: 252, numRuns: 20_000 }).filter(({ section, key, value }) => {
      const isNewer = (since: number) => since > systemd
      const isNewerValue = NEWER_VALUES.some(each => each[1] === key && each[2] === value && isNewer(each[3]))
      return !isNewer(KEYS[section]![key]!.since ?? 0) && !isNewerValue && key !== 'Boot' && key !== 'ProcessTwo'
    })
    const texts = samples.map(({ section, key, value }) => `[${section}]\n${key}=${value}\n`)
    const right = [...new Set(texts)].filter(text => settingsTextProblems(text).length === 0)
    expect(right.length).toBeGreaterThan(1000)
    const lines = right.join('').split('\n')
    const found = (await complaints(right.join(''))).filter(line => !line.includes('Duplicate port'))
    expect(found.map(line => `${lines[Number(/\.nspawn:(\d+)/.exec(line)?.[1]) - 1]}: ${line}`)).toEqual([])
  })

  it('reads words as they were given', async () => {
    const word = fc.string({
      unit: fc.constantFrom('a', ' ', '\t', '"', "'", '\\', '%', '$', '#', ';', 'ä'),
      maxLength: 6,
    })
    const words = fc.sample(word, { seed: 252, numRuns: 300 })
    const Parameters = ['/usr/bin/sh', '-c', `printf '%s\\n' "$@"; env`, 'sh', ...words]
    const Environment = words.map((text, i) => `W${i}=${text}`)
    await trust(formatSettings({ Exec: { Boot: false, Parameters, Environment } }))
    const { stdout } = await run('--bind-ro=/usr')
    const lines = stdout.split('\n')
    expect(lines.slice(0, words.length)).toEqual(words)
    expect(lines).toEqual(expect.arrayContaining(Environment))
  })

  it('takes an empty value where we do', async () => {
    const keys = entriesOf(KEYS)
      .filter(({ since }) => since <= systemd)
      .map(({ section, key }) => [section, key])
    const texts = keys.map(([section, key]) => `[${section}]\n${key}=\n`)
    const found = await complaints(texts.join(''))
    const refused = keys.filter((_, i) => found.some(line => line.includes(`.nspawn:${2 * i + 2}: `)))
    // It takes an empty zone, and adds nothing to these lists; we see no use in that.
    const useless = ['Capability', 'AmbientCapability', 'DropCapability', 'SystemCallFilter', 'Zone']
    expect(keys.filter(([, key], i) => settingsTextProblems(texts[i]).length > 0 && !useless.includes(key))).toEqual(
      refused,
    )
  })

  it('passes over what we say that it does in a file that it does not trust', async () => {
    const known = [...entriesOf(ALL_SETTINGS), ...entriesOf(OTHER_SETTINGS)]
      // This key alone it passes over without a word, trusted or not: it belongs to PrivateUsers.
      .filter(({ key, since }) => since <= systemd && key !== 'PrivateUsersDelegate')
      // Alone it goes against booting.
      .map(
        ({ section, key, value }): NspawnSettings => ({
          [section]: { [key]: value, ...(key === 'AmbientCapability' && { Boot: false }) },
        }),
      )
    expect(await ignored(known)).toEqual(known.filter(each => ignoredWhenUntrusted(each).length > 0))
  })

  it('and in special cases, too', async () => {
    const cases: NspawnSettings[] = [
      { Network: { Private: false } },
      { Network: { VirtualEthernet: false } },
      { Exec: { SystemCallFilter: '~@mount' } },
      { Exec: { SystemCallFilter: ['~@mount', '@clock'] } },
      { Files: { PrivateUsersOwnership: false } },
    ]
    expect(await ignored(cases)).toEqual(cases.filter(each => ignoredWhenUntrusted(each).length > 0))
  })

  it('does not start with what we say goes against something else, and starts with the rest', async () => {
    const refused = await refusals([...CLASHING_SETTINGS, ...FITTING_SETTINGS])
    expect(refused).toEqual(CLASHING_SETTINGS)
  })

  /** What it says of a trusted file. Nothing is there to be run, so it ends at once. */
  async function complaints(text: string): Promise<string[]> {
    await trust(text)
    const { stderr } = await run('/none')
    return stderr.split('\n').filter(line => line.includes('.nspawn:'))
  }

  /** Those with which it refuses its arguments, where a machine is started as `machinectl` does it. The tree is empty. */
  async function refusals(settings: readonly NspawnSettings[]): Promise<NspawnSettings[]> {
    const folder = join(host.root, 'root/clashing')
    mkdirSync(join(folder, 'tree'), { recursive: true })
    for (const [i, each] of settings.entries()) writeFileSync(join(folder, `${i}.nspawn`), textOf(each))
    const script = `cd /root/clashing
      for file in *.nspawn; do
        cp $file ${TRUSTED}/${MACHINE}.nspawn
        "$@" 2>&1 | grep -Eq 'may not be combined|without private networking|not useful for boot' && echo $file
      done; true`
    const start = ['--boot', '--link-journal=try-guest', '--network-veth', '-U', '--settings=override']
    const flags = ['--directory=tree', '--register=no', '--keep-unit', `--machine=${MACHINE}`]
    const { stdout } = await inService('sh', '-c', script, 'sh', 'systemd-nspawn', ...flags, ...start)
    return settings.filter((_, i) => stdout.split('\n').includes(`${i}.nspawn`))
  }

  /** Those of which it says that it passes over them beside an image. All in one service, as there are many. */
  async function ignored(settings: readonly NspawnSettings[]): Promise<NspawnSettings[]> {
    const folder = join(host.root, 'root/untrusted')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    for (const [i, each] of settings.entries()) writeFileSync(join(folder, `${i}`), formatSettings(each))
    const script = `rm -f ${TRUSTED}/${MACHINE}.nspawn; cd /root/untrusted
      for file in *; do
        cp "$file" ${MACHINES}/${MACHINE}.nspawn
        "$@" 2>&1 | grep -q '^Ignoring .*not trusted' && echo "$file"
      done; true`
    const { stdout } = await inService('sh', '-c', script, 'sh', ...command('/none'))
    return settings.filter((_, i) => stdout.split('\n').includes(`${i}`))
  }

  /** Puts settings where it trusts them: a folder that only processes of the host see. */
  async function trust(text: string): Promise<void> {
    writeFileSync(join(host.root, 'root/trusted.nspawn'), text)
    await host.run('cp', '/root/trusted.nspawn', `${TRUSTED}/${MACHINE}.nspawn`)
  }

  /** Runs it, however that ends. */
  function run(...args: string[]): Promise<{ stdout: string; stderr: string }> {
    return inService('sh', '-c', '"$@" || true', 'sh', ...command(...args))
  }

  /** Below a shell of the host it would find no control group of its own. */
  function inService(...line: string[]): Promise<{ stdout: string; stderr: string }> {
    return host.run('systemd-run', '--quiet', '--wait', '--pipe', ...line)
  }

  function command(...args: string[]): string[] {
    const flags = ['--register=no', '--keep-unit', '--console=pipe', '--settings=yes', `--machine=${MACHINE}`]
    return ['systemd-nspawn', '--directory', join(MACHINES, MACHINE), ...flags, ...args]
  }
})

/** The text of settings that are wrong together. */
function textOf(settings: NspawnSettings): string {
  const words: Record<string, string> = { true: 'yes', false: 'no' }
  const sections = Object.entries(settings).map(([section, keys]) => {
    const lines = Object.entries(keys).map(([key, value]) => `${key}=${words[`${value}`] ?? value}\n`)
    return `[${section}]\n${lines.join('')}`
  })
  return sections.join('')
}

/** What there is of every key in an object that has an object of keys for every section; 0 for the oldest systemd. */
function entriesOf<T>(sections: Readonly<Record<string, Readonly<Record<string, T>>>>) {
  return Object.entries(sections).flatMap(([section, values]) =>
    Object.entries(values).map(([key, value]) => ({ section, key, value, since: KEYS[section]![key]!.since ?? 0 })),
  )
}
