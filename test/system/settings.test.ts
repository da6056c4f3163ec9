import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatSettings, ignoredWhenUntrusted, type NspawnSettings } from '../../src/systemd/index.ts'
import { ALL_SETTINGS, WRONG_SETTINGS } from '../unit/systemd/settings-values.ts'
import { needsRoot } from './support/root.ts'
import { createScratch, type Scratch } from './support/scratch.ts'

const nspawn = needsRoot('systemd-nspawn')

const MACHINE = 'nspawn-rootfs-settings'
const TRUSTED = '/run/systemd/nspawn'

describe.skipIf(nspawn.skip)(`systemd-nspawn${nspawn.because}`, () => {
  let scratch: Scratch
  let root = ''
  beforeAll(() => {
    scratch = createScratch()
    root = join(scratch.make('machines'), MACHINE)
    mkdirSync(join(root, 'usr'), { recursive: true })
    mkdirSync(TRUSTED, { recursive: true })
  })
  afterAll(() => {
    rmSync(join(TRUSTED, `${MACHINE}.nspawn`), { force: true })
    scratch?.remove()
  })

  it('understands every key as it is written', async () => {
    expect(await complaints(formatSettings(ALL_SETTINGS))).toEqual([])
  })

  it.each(WRONG_SETTINGS)('complains of [%s] %s=%s, as we do', async (section, key, value) => {
    expect(await complaints(`[${section}]\n${key}=${value}\n`)).not.toEqual([])
  })

  it('passes over what we say that it does in a file that it does not trust', async () => {
    const ignored: string[] = []
    for (const [section, keys] of Object.entries(ALL_SETTINGS)) {
      for (const [key, value] of Object.entries(keys)) {
        const settings: NspawnSettings = { [section]: { [key]: value } }
        const said = await runUntrusted(formatSettings(settings))
        if (said.some(line => /^Ignoring .*not trusted/.test(line))) ignored.push(key)
      }
    }
    expect(ignored.sort()).toEqual(
      ignoredWhenUntrusted(ALL_SETTINGS)
        .map(({ key }) => key)
        .sort(),
    )
  })

  /** What it says of a trusted file. Nothing is there to be run, so it ends at once. */
  async function complaints(text: string): Promise<string[]> {
    writeFileSync(join(TRUSTED, `${MACHINE}.nspawn`), text)
    const lines = await run()
    rmSync(join(TRUSTED, `${MACHINE}.nspawn`))
    return lines.filter(line => line.includes('.nspawn:'))
  }

  async function runUntrusted(text: string): Promise<string[]> {
    writeFileSync(`${root}.nspawn`, text)
    return run()
  }

  function run(): Promise<string[]> {
    const flags = ['--register=no', '--keep-unit', '--console=pipe', '--settings=yes', `--machine=${MACHINE}`]
    return new Promise(resolve => {
      execFile(
        'systemd-nspawn',
        ['--directory', root, ...flags, '/none'],
        { timeout: 20_000 },
        (_error, _out, stderr) => resolve(stderr.split('\n').filter(Boolean)),
      )
    })
  }
})
