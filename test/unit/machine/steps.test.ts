import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { lineOf, planMachine, runSteps } from '../../../src/machine/index.ts'
import { importSteps, replaceSteps } from '../../../src/machine/steps.ts'
import { temporaryFolder } from '../../temporary.ts'

const REQUEST = { machine: 'web', image: '/var/cache/web/web.tar.xz' }
const NOTHING = { hasPrevious: false, hasNext: false, settingsFolders: [] }

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
  const lines = (steps: readonly { command: readonly string[] }[]) => steps.map(({ command }) => lineOf(command))

  it('import an image, and install its settings if that is asked for', () => {
    expect(lines(importSteps({ ...REQUEST, settings: '/var/cache/web/web.nspawn' }))).toEqual([
      'machinectl import-tar /var/cache/web/web.tar.xz web',
      'install -D -m 644 /var/cache/web/web.nspawn /etc/systemd/nspawn/web.nspawn',
    ])
  })

  it('stop the machine only when its successor is imported, and keep its settings', () => {
    const found = { hasPrevious: true, hasNext: true, settingsFolders: ['/etc/systemd/nspawn'] }
    expect(lines(replaceSteps(REQUEST, found))).toEqual([
      'machinectl remove web-next',
      'machinectl import-tar /var/cache/web/web.tar.xz web-next',
      'systemctl stop systemd-nspawn@web.service',
      'machinectl remove web-previous',
      'machinectl rename web web-previous',
      'machinectl rename web-next web',
      'install -D -m 644 /etc/systemd/nspawn/web-previous.nspawn /etc/systemd/nspawn/web.nspawn',
      'machinectl start web',
    ])
  })

  it('never leave the user without a way back', () => {
    const steps = replaceSteps(REQUEST, NOTHING)
    const stops = steps.findIndex(({ command }) => command.includes('stop'))
    for (const { back = [] } of steps.slice(stops + 1)) expect(back.at(-1)).toEqual(['machinectl', 'start', 'web'])
  })

  it('quote what a shell would split', () => {
    const image = '/var/cache/my images/web.tar.xz'
    expect(lines(importSteps({ ...REQUEST, image }))).toEqual([`machinectl import-tar '${image}' web`])
  })

  it('replace a machine only if that is asked for', async () => {
    programs({ machinectl: 'test "$1 $2" = "show-image web"' })
    await expect(planMachine(REQUEST, false)).rejects.toMatchObject({ code: 'MACHINE_EXISTS', machine: 'web' })
    expect(lines(await planMachine(REQUEST, true))).toContain('machinectl rename web web-previous')
    programs({ machinectl: 'false' })
    expect(lines(await planMachine(REQUEST, true))).toEqual(['machinectl import-tar /var/cache/web/web.tar.xz web'])
  })
})

describe('a command that fails', () => {
  it('is told with what brings the machine back', async () => {
    programs({ machinectl: 'test "$1 $2" != "rename web-next"', systemctl: 'true' })
    const told: string[] = []
    const running = runSteps('web', replaceSteps(REQUEST, NOTHING), line => told.push(line))
    await expect(running).rejects.toMatchObject({
      code: 'MACHINE_FAILED',
      message:
        'machine web: machinectl rename web-next web ended with exit code 1; to have it back: ' +
        'machinectl rename web-previous web; machinectl start web',
    })
    expect(told.at(-1)).toBe('machinectl rename web-next web')
  })

  it('before the machine has stopped leaves it as it was', async () => {
    programs({ machinectl: 'exit 3' })
    await expect(runSteps('web', replaceSteps(REQUEST, NOTHING))).rejects.toThrow(
      'ended with exit code 3; the machine is as it was',
    )
    vi.stubEnv('PATH', temporaryFolder())
    await expect(runSteps('web', importSteps(REQUEST))).rejects.toThrow('cannot be run (ENOENT)')
  })
})
