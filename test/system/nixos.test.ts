import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { build, checkArchive, type Finding, ImageError } from '../../src/index.ts'
import type { SystemName } from './nixos/configurations.ts'
import { ROOT_PASSWORD } from './nixos/layout.ts'
import type { TestClosure } from './support/closures.ts'
import { bootDebianHost, type DebianHost, HOST_PROGRAMS, SUITES, type Suite } from './support/debian-host.ts'
import { guestOf } from './support/guest.ts'
import { type FindSystem, nixosSystems } from './support/nixos-systems.ts'
import { CLOSURE_PROGRAMS, needsRoot } from './support/root.ts'
import { createScratch, type Scratch } from './support/scratch.ts'
import type { Terminal } from './support/terminal.ts'

const nixos = needsRoot(...CLOSURE_PROGRAMS, ...HOST_PROGRAMS)

/** The options that the warnings of a build name. Where one warning names two, either mends it. */
const REGISTER = ['boot.postBootCommands']
const MOUNTS = ['boot.isNspawnContainer']
const RESOLVER = ['networking.useHostResolvConf']
const SANDBOX = ['nix.settings.sandbox']
const CONTAINER = ['boot.isNspawnContainer', 'boot.isContainer']

const ATTACHED = '/etc/systemd/system.attached'

/** Systems that boot: what is said of them, and where units go that are not of their configuration. */
const BOOTING: Partial<Record<SystemName, { advice: string[][]; unitFolder?: string }>> = {
  'container-2405': { advice: [RESOLVER, SANDBOX] },
  'initrd-2411': { advice: [REGISTER, ['boot.initrd.systemd.enable'], RESOLVER, SANDBOX] },
  'container-2511': { advice: [REGISTER, MOUNTS, RESOLVER, SANDBOX] },
  'host-2605': { advice: [CONTAINER, REGISTER, SANDBOX] },
  'container-2611': { advice: [REGISTER, SANDBOX] },
  'starter-2605': { advice: [] },
  'units-2511': { advice: [REGISTER, RESOLVER, SANDBOX], unitFolder: '/etc/systemd-mutable/system' },
  'masked-2411': { advice: [REGISTER, RESOLVER, SANDBOX] },
  'immutable-2511': { advice: [REGISTER, RESOLVER, SANDBOX] },
  'minimal-2511': { advice: [REGISTER, RESOLVER, SANDBOX] },
}

/** Which of them are machines of which host. What newer hosts may do otherwise is the same for all. */
const MACHINES_OF: Record<Suite, readonly SystemName[]> = {
  bookworm: Object.keys(BOOTING) as SystemName[],
  trixie: ['container-2511'],
  sid: ['container-2511', 'host-2605'],
}

/** What loads the registration of the image. */
const REGISTERING: readonly SystemName[] = ['container-2405', 'starter-2605']

const PROFILE = '/nix/var/nix/profiles/system'
const SW = '/run/current-system/sw/bin'

/** As the template unit of `machinectl start` runs systemd-nspawn. */
const NSPAWN = ['systemd-nspawn', '--quiet', '--boot', '--private-users=pick', '--network-veth']

/** A unit of the image, and one of the system that the image masks. */
const GREETER =
  '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sh -c :\n\n[Install]\nWantedBy=multi-user.target\n'
const UNITS = {
  'greeter.service': { text: GREETER, enable: true },
  'systemd-random-seed.service': { mask: true },
}

describe.skipIf(nixos.skip).each(Object.keys(SUITES) as Suite[])(`a NixOS system on %s${nixos.because}`, suite => {
  let scratch: Scratch
  let host: DebianHost
  let findSystem: FindSystem

  beforeAll(async () => {
    scratch = createScratch()
    findSystem = await nixosSystems()
    host = await bootDebianHost(scratch, suite)
  })
  afterAll(async () => {
    await host?.stop()
    scratch?.remove()
  })

  describe.each(MACHINES_OF[suite])('%s', name => {
    const { advice, unitFolder = ATTACHED } = BOOTING[name]!
    const generations: TestClosure[] = []
    let warnings: readonly string[] = []
    let findings: readonly Finding[] = []
    let machineId = ''
    const guest = () => guestOf(host, name)
    const ask = async (...command: string[]) => {
      const { stdout } = await guest().run(`${SW}/${command[0]}`, ...command.slice(1))
      return stdout.trimEnd().split('\n')
    }

    beforeAll(async () => {
      generations.push(await findSystem(name, 1), await findSystem(name, 2))
      const built = await buildHere(name, generations, join(host.root, 'srv', name))
      warnings = built.warnings.map(({ message }) => message)
      findings = (await checkArchive(built.image)).findings
      await host.run('machinectl', 'import-tar', built.image.slice(host.root.length), name)
      await host.run('rm', built.image.slice(host.root.length))
    })
    afterAll(async () => {
      // As it would be after a test that failed.
      await host.run('sh', '-c', `machinectl terminate ${name} 2> /dev/null && sleep 1; machinectl remove ${name}`)
    })

    it('is built, and which options mend what goes wrong later is told', () => {
      expect(warnings.map(optionsIn), warnings.join('\n')).toEqual(advice)
      expect(findings.filter(({ severity }) => severity === 'error')).toEqual([])
    })

    it('is activated at its first boot, and lets in who logs in on its console', async () => {
      const console = host.open('systemd-run', '--pty', '--quiet', '--collect', ...NSPAWN, `--machine=${name}`)
      await logIn(console, name)
      await expectBooted(1)
      machineId = (await ask('cat', '/etc/machine-id'))[0]!
      console.type(`${SW}/systemctl poweroff\n`)
      await console.finish()
    })

    it('starts again, and lets in who logs in with machinectl', async () => {
      expect(await guest().start()).toEqual({ state: 'running', failedUnits: '' })
      await expectBooted(1)
      expect(await ask('cat', '/etc/machine-id')).toEqual([machineId])
      const terminal = host.open('machinectl', 'login', name)
      await logIn(terminal, name)
      terminal.type('exit\n')
      await terminal.read(/login: /)
      terminal.type('\x1d\x1d\x1d')
      expect(await terminal.finish()).toBe(0)
    })

    it('knows its store paths, if it registers them', async () => {
      const isRegistered = !existsSync(join(guest().root, 'nix-path-registration'))
      expect(isRegistered).toBe(REGISTERING.includes(name))
      if (!isRegistered) return
      expect((await ask('nix-store', '--query', '--requisites', PROFILE)).sort()).toEqual(generations[0]!.paths)
    })

    it('boots what it was switched to', async () => {
      await ask('ln', '-s', generations[1]!.toplevel, `${PROFILE}-2-link`)
      await ask('ln', '-sfn', 'system-2-link', PROFILE)
      await guest().powerOff()
      expect(await guest().start()).toEqual({ state: 'running', failedUnits: '' })
      await expectBooted(2)
      await guest().powerOff()
    })

    async function expectBooted(generation: 1 | 2): Promise<void> {
      const { toplevel } = generations[generation - 1]!
      expect(await ask('systemctl', 'is-system-running', '--wait')).toEqual(['running'])
      expect(await ask('readlink', '/run/current-system', '/run/booted-system', '/etc/os-release')).toEqual([
        toplevel,
        toplevel,
        '/etc/static/os-release',
      ])
      const units = ['multi-user.target', 'greeter.service', `generation-${generation}.service`]
      expect(await ask('systemctl', 'is-active', ...units)).toEqual(['active', 'active', 'active'])
      const show = ['systemctl', 'show', '--value', '--property=FragmentPath,LoadState']
      expect(await ask(...show, 'greeter.service')).toEqual(['loaded', `${unitFolder}/greeter.service`])
      expect((await ask(...show, 'systemd-random-seed.service'))[0]).toBe('masked')
    }
  })
})

describe.skipIf(nixos.skip)(`a NixOS system that nobody could use${nixos.because}`, () => {
  let scratch: Scratch
  let findSystem: FindSystem

  beforeAll(async () => {
    scratch = createScratch()
    findSystem = await nixosSystems()
  })
  afterAll(() => scratch?.remove())

  it.each([
    ['init-2605', 'TOPLEVEL_INVALID', ['boot.isNspawnContainer', 'boot.isContainer', 'system.nixos-init.enable']],
    ['overlay-2411', 'UNFIT', ['system.etc.overlay.enable']],
  ] as const)('%s is refused', async (name, code, options) => {
    const error = await buildHere(name, [await findSystem(name, 1)], scratch.make(name)).catch(error => error)
    expect(error).toBeInstanceOf(ImageError)
    expect(error.code).toBe(code)
    expect(optionsIn(error.message)).toEqual(options)
  })

  it('has no logins where its programs are missing, and that is told', async () => {
    const { warnings } = await buildHere(
      'no-login-2511',
      [await findSystem('no-login-2511', 1)],
      scratch.make('no-login'),
    )
    for (const path of ['container-getty@.service', 'console-getty.service']) {
      expect(warnings).toContainEqual(expect.objectContaining({ code: 'LOGIN_IMPOSSIBLE', path }))
    }
  })
})

/** Builds the image of the first of some generations, with the others in its store. */
function buildHere(name: SystemName, [first, ...others]: readonly TestClosure[], folder: string) {
  const roots = others.map(({ toplevel }) => toplevel)
  const spec = { toplevel: first!.toplevel, roots, format: 'tar', name, systemd: { units: UNITS } } as const
  return build(spec).toFolder(folder)
}

async function logIn(terminal: Terminal, name: string): Promise<void> {
  await terminal.read(new RegExp(`${name} login: `))
  terminal.type('root\n')
  await terminal.read(/Password: /)
  terminal.type(`${ROOT_PASSWORD}\n`)
  await terminal.read(/# $/)
}

/** The options of NixOS that a message names. */
function optionsIn(message: string): string[] {
  return message.match(/\b(?:boot|console|networking|nix|system)(?!\.json)(?:\.[\w-]+)+(?= |$|,|\))/g) ?? []
}
