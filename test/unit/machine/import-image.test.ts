import { spawnSync } from 'node:child_process'
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { importImage, importLines } from '../../../src/machine/index.ts'
import { temporaryFolder } from '../../temporary.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

/**
 * A host whose commands note their arguments. A machine is a file that holds the path of its image and what was added since; it
 * runs from its start on. `fail` has a call `PROGRAM-ARGUMENT` fail, end its caller as if the power failed, or no call answer
 * from then on.
 */
function fakeHost() {
  const bin = temporaryFolder()
  const state = temporaryFolder()
  const log = join(state, 'log')
  const script = `#!/bin/sh
cd ${state}
case "$1" in
  show-image) ! test -e mute && test -e "machine-$2"; exit ;;
  list-images) ! test -e mute; exit ;;
  --quiet) test -e "runs-$3" && ! test -e "fails-systemctl-is-active"; exit ;;
esac
test -e "mutes-$(basename "$0")-$1" && touch mute
test -e mute && exit 1
echo "$(basename "$0") $*" >> log
test -e "kills-$(basename "$0")-$1" && kill -KILL $PPID
test -e "fails-$(basename "$0")-$1" && exit 1
case "$1" in
  import-tar) echo "$2" > "machine-$3" ;;
  rename) mv "machine-$2" "machine-$3" ;;
  remove) rm "machine-$2" ;;
  start) touch "runs-systemd-nspawn@$2.service" ;;
  stop) rm -f "runs-$2" ;;
esac
`
  for (const name of ['machinectl', 'systemctl', 'sleep', 'install']) {
    writeFileSync(join(bin, name), script)
    chmodSync(join(bin, name), 0o755)
  }
  vi.stubEnv('PATH', `${bin}:${process.env.PATH}`)
  const machine = (name: string) => join(state, `machine-${name}`)
  return {
    records: join(state, 'records'),
    commands: () => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter(Boolean) : []),
    fail: (call: string, how: 'fails' | 'kills' | 'mutes' = 'fails') =>
      writeFileSync(join(state, `${how}-${call}`), ''),
    mend(call: string, how: 'fails' | 'kills' | 'mutes' = 'fails') {
      for (const file of [`${how}-${call}`, 'mute']) rmSync(join(state, file), { force: true })
    },
    /** What is in a machine; `undefined` if there is none. */
    contentsOf: (name: string) => (existsSync(machine(name)) ? readFileSync(machine(name), 'utf8') : undefined),
    keepState: (name: string) => appendFileSync(machine(name), 'state\n'),
  }
}

const NOTHING = { settings: undefined, replace: true, trustSettings: false, tell: () => {} }

describe('a machine', () => {
  it('is made of an image once, whatever file that was', async () => {
    const { records, commands } = fakeHost()
    const web = { ...NOTHING, machine: 'web', records }
    expect(await importImage({ ...web, image: '/a/web.tar.xz', sha256: 'a' })).toBe('imported')
    expect(await importImage({ ...web, image: '/a/web.tar.xz', sha256: 'a' })).toBe('kept')
    expect(commands()).toEqual(['machinectl import-tar /a/web.tar.xz web'])
    expect(await importImage({ ...web, image: '/b/web.tar.xz', sha256: 'b' })).toBe('replaced')
    // The image of the first file is no longer what the machine was made of.
    expect(await importImage({ ...web, image: '/a/web.tar.xz', sha256: 'a' })).toBe('replaced')
    expect(await importLines({ ...web, image: '/a/web.tar.xz', sha256: 'a' })).toBeUndefined()
  })

  it('is not made again of an image with which it did not run', async () => {
    const { records, commands, fail } = fakeHost()
    const web = { ...NOTHING, machine: 'web', records }
    await importImage({ ...web, image: '/a/web.tar.xz', sha256: 'a' })
    fail('systemctl-is-active')
    const next = { ...web, image: '/a/web.tar.xz', sha256: 'b' }
    await expect(importImage(next)).rejects.toMatchObject({ code: 'MACHINE_DOES_NOT_START' })
    const before = commands().length
    await expect(importImage(next)).rejects.toThrow(`remove web from ${join(records, 'machines.json')}`)
    expect(commands()).toHaveLength(before)
  })
})

describe('settings that are not there', () => {
  it.each([true, false])('are an error (trusted: %s)', async trustSettings => {
    const { records, commands } = fakeHost()
    const web = { ...NOTHING, machine: 'web', records, trustSettings, settings: '/nowhere/web.nspawn' }
    await expect(importImage({ ...web, image: '/a/web.tar.xz', sha256: 'a' })).rejects.toMatchObject({
      code: 'MACHINE_FAILED',
      message: expect.stringContaining('/nowhere/web.nspawn: the settings are not there'),
    })
    expect(commands()).toEqual([])
  })
})

describe('the state of a machine', () => {
  /** A host on which `web` was replaced once, and has kept state since. */
  async function hostWithState() {
    const host = fakeHost()
    const web = { ...NOTHING, machine: 'web', records: host.records }
    for (const sha256 of ['one', 'two']) await importImage({ ...web, image: sha256, sha256 })
    host.keepState('web')
    expect([host.contentsOf('web'), host.contentsOf('web-previous')]).toEqual(['two\nstate\n', 'one\n'])
    const told: string[] = []
    const replace = (sha256: string) => importImage({ ...web, image: sha256, sha256, tell: line => told.push(line) })
    return { ...host, replace, told, web }
  }

  it.each<[string, string]>([
    ['the import', 'machinectl-import-tar'],
    ['the removal of the one before', 'machinectl-remove'],
    ['the stop', 'systemctl-stop'],
    ['the first renaming', 'machinectl-rename'],
    ['the start', 'machinectl-start'],
    ['the trial', 'sleep-5'],
  ])('is kept if the power fails in %s', async (_, call) => {
    const { web, replace, fail, mend, contentsOf, keepState, told } = await hostWithState()
    fail(call, 'kills')
    const program = `
      const { importImage } = await import(${JSON.stringify(new URL('../../../src/machine/index.ts', import.meta.url).href)})
      await importImage({ ...${JSON.stringify(web)}, image: 'three', sha256: 'three', tell() {} })`
    expect(spawnSync(process.execPath, ['--input-type=module', '-e', program]).signal).toBe('SIGKILL')
    mend(call, 'kills')
    const isReplaced = contentsOf('web') === 'three\n'
    expect(isReplaced).toBe(['machinectl-start', 'sleep-5'].includes(call))
    // It may have run since, without anybody who knew.
    if (isReplaced) keepState('web')
    expect(await replace('three')).toBe('replaced')
    expect(['web', 'web-previous', 'web-unproven'].map(contentsOf)).toEqual([
      'three\n',
      'two\nstate\n',
      isReplaced ? 'three\nstate\n' : undefined,
    ])
    expect(told.filter(line => line.startsWith('warning:'))).toEqual(
      isReplaced
        ? [
            'warning: web-unproven keeps the tree of a replacement that was broken off; take from it what you need, and remove ' +
              'it: machinectl remove web-unproven',
          ]
        : [],
    )
    expect(await replace('four')).toBe('replaced')
    expect(contentsOf('web-previous')).toBe('three\n')
  })

  it.each(['machinectl-start', 'sleep-5', 'systemctl-stop'])(
    'is kept if systemd answers no more from %s on',
    async call => {
      const { replace, fail, mend, contentsOf } = await hostWithState()
      fail(call, 'mutes')
      await expect(replace('three')).rejects.toMatchObject({ code: expect.stringMatching(/^MACHINE_/) })
      const trees = ['web', 'web-previous', 'web-next'].map(contentsOf)
      await expect(replace('four')).rejects.toMatchObject({ code: 'MACHINE_FAILED' })
      expect(['web', 'web-previous', 'web-next'].map(contentsOf)).toEqual(trees)
      mend(call, 'mutes')
      expect(await replace('four')).toBe('replaced')
      const kept = ['web-previous', 'web-unproven'].map(contentsOf)
      expect(contentsOf('web')).toBe('four\n')
      expect(kept).toContain('two\nstate\n')
    },
  )

  it('is kept if no disk takes a record', async () => {
    const { replace, told, records, contentsOf, fail, mend } = await hostWithState()
    mkdirSync(join(records, 'machines.json.new'))
    fail('machinectl-import-tar')
    await expect(replace('three')).rejects.toThrow(/import-tar three web-next ended with .*; the machine is as it was$/)
    expect(contentsOf('web')).toBe('two\nstate\n')
    mend('machinectl-import-tar')
    expect(await replace('three')).toBe('replaced')
    expect(told.at(-1)).toMatch(/^warning: it is not noted what became of web: .*machines\.json: cannot be written/)
    expect([contentsOf('web'), contentsOf('web-previous')]).toEqual(['three\n', 'two\nstate\n'])
    rmSync(join(records, 'machines.json.new'), { recursive: true })
    await replace('four')
    expect([contentsOf('web'), contentsOf('web-previous')]).toEqual(['four\n', 'three\n'])
  })
})
