import { chmodSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { planMachine, type RunOptions, runSteps } from '../../../src/machine/machinectl.ts'
import { readRecord, writeRecord } from '../../../src/machine/record.ts'
import { importSteps, replaceSteps } from '../../../src/machine/steps.ts'
import { shellLine } from '../../../src/shell-word.ts'
import { temporaryFolder } from '../../temporary.ts'

const REQUEST = { machine: 'web', image: '/var/cache/web/web.tar.xz' }
const FOUND = { isThere: true, isUnproven: false, hasPrevious: false, hasNext: false, settingsFolders: [] }

/** A folder first on PATH with programs that each run a shell line. */
function programs(lines: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder()
  for (const [name, line] of Object.entries(lines)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${line}\n`)
    chmodSync(join(folder, name), 0o755)
  }
  vi.stubEnv('PATH', `${folder}:${process.env.PATH}`)
  return folder
}

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('the commands that make a machine', () => {
  const lines = (steps: readonly { command: readonly string[] }[]) => steps.map(({ command }) => shellLine(command))

  it('import an image, and install its settings if that is asked for', () => {
    expect(lines(importSteps({ ...REQUEST, settings: '/var/cache/web/web.nspawn' }))).toEqual([
      'machinectl import-tar /var/cache/web/web.tar.xz web',
      'install -D -m 644 /var/cache/web/web.nspawn /etc/systemd/nspawn/web.nspawn',
    ])
  })

  it('stop the machine only when its successor is imported, and keep its settings', () => {
    const found = { ...FOUND, hasPrevious: true, hasNext: true, settingsFolders: ['/etc/systemd/nspawn'] }
    expect(lines(replaceSteps(REQUEST, found))).toEqual([
      'machinectl remove web-next',
      'machinectl import-tar /var/cache/web/web.tar.xz web-next',
      'machinectl remove web-previous',
      'systemctl stop systemd-nspawn@web.service',
      'machinectl rename web web-previous',
      'machinectl rename web-next web',
      'install -D -m 644 /etc/systemd/nspawn/web-previous.nspawn /etc/systemd/nspawn/web.nspawn',
      'machinectl start web',
      'sleep 5',
      'systemctl --quiet is-active systemd-nspawn@web.service',
      'sleep 25',
      'systemctl --quiet is-active systemd-nspawn@web.service',
    ])
  })

  it('keep the tree that has run where a replacement was broken off', () => {
    const found = { ...FOUND, isUnproven: true, hasPrevious: true }
    for (const isThere of [true, false]) {
      const commands = lines(replaceSteps(REQUEST, { ...found, isThere }))
      expect(commands).not.toContain('machinectl remove web-previous')
      expect(commands).not.toContain('machinectl rename web web-previous')
      expect(commands).not.toContain('machinectl remove web')
      expect(commands.includes('machinectl rename web web-unproven')).toBe(isThere)
      expect(commands).toContain('machinectl rename web-next web')
    }
  })

  it('never leave the user without a way back', () => {
    const steps = replaceSteps(REQUEST, FOUND)
    const stops = steps.findIndex(({ command }) => command.includes('stop'))
    for (const { back = [] } of steps.slice(stops)) expect(back.at(-1)).toEqual(['machinectl', 'start', 'web'])
  })

  it('quote what a shell would split', () => {
    const image = '/var/cache/my images/web.tar.xz'
    expect(lines(importSteps({ ...REQUEST, image }))).toEqual([`machinectl import-tar '${image}' web`])
  })

  it('replace a machine only if that is asked for', async () => {
    programs({ machinectl: 'test "$1 $2" = "show-image web" || test "$1" = list-images' })
    const plan = { request: REQUEST, record: undefined, isReplacing: false }
    const refused = planMachine({ ...plan, replace: false })
    await expect(refused).rejects.toMatchObject({ code: 'MACHINE_EXISTS', machine: 'web' })
    expect(lines(await planMachine({ ...plan, replace: true }))).toContain('machinectl rename web web-previous')
    programs({ machinectl: 'test "$1" = list-images' })
    expect(lines(await planMachine({ ...plan, replace: true }))).toEqual([
      'machinectl import-tar /var/cache/web/web.tar.xz web',
    ])
    programs({ machinectl: 'false' })
    await expect(planMachine({ ...plan, replace: true })).rejects.toMatchObject({
      code: 'MACHINE_FAILED',
      message: 'machine web: nobody can tell whether it is there: machinectl list-images fails',
    })
    vi.stubEnv('PATH', temporaryFolder())
    expect(await planMachine({ ...plan, replace: true })).toHaveLength(1)
  })

  it('remove no machine that was not made here', async () => {
    programs({ machinectl: 'test "$1" = show-image' })
    const plan = { request: REQUEST, replace: true, isReplacing: false }
    const refused = planMachine({ ...plan, record: undefined })
    await expect(refused).rejects.toMatchObject({ code: 'MACHINE_EXISTS', machine: 'web-previous' })
    expect(lines(await planMachine({ ...plan, record: {} }))).toContain('machinectl remove web-previous')
    await expect(planMachine({ ...plan, record: {}, isReplacing: true })).rejects.toMatchObject({
      code: 'MACHINE_EXISTS',
      machine: 'web-unproven',
      message: expect.stringMatching(/remove it: machinectl remove web-unproven$/),
    })
    programs({ machinectl: 'test "$1" = list-images || { test "$1" = show-image && test "$2" != web-unproven; }' })
    const brokenOff = lines(await planMachine({ ...plan, record: {}, isReplacing: true }))
    expect(brokenOff).not.toContain('machinectl remove web-previous')
  })
})

describe('a command that fails', () => {
  it('has the machine that was there run again', async () => {
    programs({ machinectl: 'test "$1 $2" != "rename web-next"', systemctl: 'true' })
    const told: string[] = []
    const running = runSteps('web', replaceSteps(REQUEST, FOUND), { onStep: line => told.push(line) })
    await expect(running).rejects.toMatchObject({
      code: 'MACHINE_FAILED',
      message:
        'machine web: machinectl rename web-next web ended with exit code 1; the machine that was there runs again',
    })
    expect(told.slice(-3)).toEqual([
      'machinectl rename web-next web',
      'machinectl rename web-previous web',
      'machinectl start web',
    ])
  })

  it('is told with what is left to do if that fails, too', async () => {
    programs({ machinectl: 'test "$1" != rename', systemctl: 'true' })
    await expect(runSteps('web', replaceSteps(REQUEST, { ...FOUND, isThere: false }))).rejects.toThrow(
      'does not run; what is left to do: machinectl rename web-previous web; machinectl start web',
    )
  })

  it('as the machine starts is the fault of the image', async () => {
    programs({ machinectl: 'true', systemctl: 'test "$2" != is-active', sleep: 'true' })
    const running = runSteps('web', replaceSteps(REQUEST, FOUND))
    await expect(running).rejects.toMatchObject({ code: 'MACHINE_DOES_NOT_START' })
  })

  it.each([
    [
      { machinectl: 'true', systemctl: 'test "$2" != is-active || exit 3', sleep: 'true' },
      'the new image did not stay up for 5 seconds (systemctl --quiet is-active systemd-nspawn@web.service ended with exit code 3)',
    ],
    [
      {
        machinectl: 'true',
        systemctl: 'test "$2" != is-active || test ! -e "$0.25"',
        sleep: 'test $1 = 5 || touch "$(dirname "$0")/systemctl.25"',
      },
      'the new image did not stay up for 30 seconds (systemctl --quiet is-active systemd-nspawn@web.service ended with exit code 1)',
    ],
    [
      {
        machinectl: 'test "$1" != start || { test -e "$0.1" && exit 0; touch "$0.1"; exit 1; }',
        systemctl: 'true',
        sleep: 'true',
      },
      'the new image does not start (machinectl start web ended with exit code 1)',
    ],
  ])('on trial says what the image did, where its tree is and what to look at (%#)', async (lines, what) => {
    programs(lines)
    await expect(runSteps('web', replaceSteps(REQUEST, FOUND))).rejects.toMatchObject({
      code: 'MACHINE_DOES_NOT_START',
      message:
        `machine web: ${what}; its tree is web-next until the next replacement; see journalctl -u systemd-nspawn@web; ` +
        'the machine that was there runs again',
    })
  })

  it("by a signal is nobody's fault", async () => {
    programs({ machinectl: 'true', systemctl: 'true', sleep: 'kill -TERM $$' })
    const running = runSteps('web', replaceSteps(REQUEST, FOUND))
    await expect(running).rejects.toMatchObject({
      code: 'MACHINE_FAILED',
      message: 'machine web: sleep 5 ended with SIGTERM; the machine that was there runs again',
    })
  })

  it('before the machine has stopped leaves it as it was', async () => {
    programs({ machinectl: 'exit 3' })
    await expect(runSteps('web', replaceSteps(REQUEST, FOUND))).rejects.toThrow(
      'ended with exit code 3; the machine is as it was',
    )
    vi.stubEnv('PATH', temporaryFolder())
    await expect(runSteps('web', importSteps(REQUEST))).rejects.toThrow('cannot be run (ENOENT)')
  })
})

describe('an import that is broken off', () => {
  const told: string[] = []
  const breakOff = async (at: string, options: RunOptions = {}, found = FOUND) => {
    told.length = 0
    const ending = new AbortController()
    const onStep = (line: string) => {
      told.push(line)
      if (line.startsWith(at)) setTimeout(() => ending.abort(), 20)
    }
    return runSteps('web', replaceSteps(REQUEST, found), { ...options, onStep, signal: ending.signal })
  }

  it('while the machine is imported leaves the running one as it was, when that is done', async () => {
    programs({ machinectl: 'sleep 0.3', systemctl: 'true' })
    const onTurningPoint = () => expect.fail('it changes')
    await expect(breakOff('machinectl import-tar', { onTurningPoint })).rejects.toThrow(
      /^machine web: the replacement was broken off; the machine is as it was$/,
    )
    expect(told).toHaveLength(1)
  })

  it('while the machine is imported leaves the tree of the one before', async () => {
    programs({ machinectl: 'sleep 0.3', systemctl: 'true' })
    await expect(breakOff('machinectl import-tar', {}, { ...FOUND, hasPrevious: true })).rejects.toThrow(
      /^machine web: the replacement was broken off; the machine is as it was$/,
    )
    expect(told).toEqual(['machinectl import-tar /var/cache/web/web.tar.xz web-next'])
  })

  it('is not begun if that was asked for before', async () => {
    const onStep = () => expect.fail('it begins')
    const signal = AbortSignal.abort()
    await expect(runSteps('web', replaceSteps(REQUEST, FOUND), { onStep, signal })).rejects.toThrow('was broken off')
  })

  it('while the machine is on trial has the one before run again', async () => {
    programs({ machinectl: 'true', systemctl: 'true', sleep: 'exec /bin/sleep 60' })
    await expect(breakOff('sleep')).rejects.toMatchObject({
      code: 'MACHINE_FAILED',
      message: 'machine web: sleep 5 was broken off; the machine that was there runs again',
    })
    expect(told.slice(-4)).toEqual([
      'systemctl stop systemd-nspawn@web.service',
      'machinectl rename web web-next',
      'machinectl rename web-previous web',
      'machinectl start web',
    ])
  })

  it('while the machine changes goes on to the trial, and then takes all back', async () => {
    programs({ machinectl: 'test "$1 $2" != "rename web" || sleep 0.3', systemctl: 'true' })
    let backs = 0
    const onBack = async () => void backs++
    await expect(breakOff('machinectl rename web web-previous', { onBack })).rejects.toThrow(
      'sleep 5 was broken off; the machine that was there runs again',
    )
    expect(told.slice(-2)).toEqual(['machinectl rename web-previous web', 'machinectl start web'])
    expect(backs).toBe(1)
  })
})

describe('records of machines', () => {
  it('are written each for itself', async () => {
    const folder = temporaryFolder()
    expect(await readRecord(folder, 'web')).toBeUndefined()
    await writeRecord(folder, 'web', { image: 'a' })
    await writeRecord(folder, 'db', { failed: 'b' })
    expect(await readRecord(folder, 'web')).toEqual({ image: 'a' })
    expect(await readRecord(folder, 'db')).toEqual({ failed: 'b' })
    expect(await readRecord(folder, '__proto__')).toBeUndefined()
  })

  it.each(['', '{', 'null', '[]', '5', '"web"', '{"web":null}', '{"web":5}', '{"web":[]}'])(
    'are none where the file holds %j, and then are written anew',
    async text => {
      const folder = temporaryFolder()
      writeFileSync(join(folder, 'machines.json'), text, { mode: 0o600 })
      expect(await readRecord(folder, 'web')).toBeUndefined()
      await writeRecord(folder, 'db', { image: 'a' })
      expect(JSON.parse(readFileSync(join(folder, 'machines.json'), 'utf8'))).toEqual({ db: { image: 'a' } })
    },
  )
})
