import { chmodSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROOT_PROGRAMS, importOn, importWithOldXz } from './support/chroot-importers.ts'
import { cli } from './support/cli.ts'
import { closureOf, type TestClosure } from './support/closures.ts'
import { bootOnConsole, type ConsoleMachine } from './support/console-machine.ts'
import { SUITES, type Suite } from './support/debian-host.ts'
import { EMULATION_PROGRAMS, enableEmulation, IS_EMULATED } from './support/emulation.ts'
import { execute } from './support/execute.ts'
import { expectHealthy, QUESTIONS } from './support/health.ts'
import { importImage, plant, type Report, readReports, reportScript } from './support/machines.ts'
import { CLOSURE_PROGRAMS, needsRoot } from './support/root.ts'
import { createScratch, type Scratch } from './support/scratch.ts'

const arm = needsRoot(
  ...CLOSURE_PROGRAMS,
  ...CHROOT_PROGRAMS,
  ...EMULATION_PROGRAMS,
  'systemd-nspawn',
  'script',
  'openssl',
)

/**
 * What fails under qemu-user, and only there: systemd starts units that have credentials through a clone(2) whose flags
 * qemu-user refuses, and reports 243/CREDENTIALS (systemd/systemd#34809, #21511).
 */
const FAILS_UNDER_EMULATION = [
  'systemd-firstboot.service',
  'systemd-sysusers.service',
  'systemd-tmpfiles-setup-dev.service',
  'systemd-tmpfiles-setup.service',
]
const EXIT_CREDENTIALS = 243

const PASSWORD = 'a horse that is correct'

const ARM_QUESTIONS = {
  ...QUESTIONS,
  architecture: 'uname --machine',
  failed: "systemctl show --state=failed --property=Id,ExecMainStatus '*'",
}

describe.skipIf(arm.skip)(`an image for aarch64${arm.because}`, () => {
  let scratch: Scratch
  let closure: TestClosure
  let machines = ''
  /** The image as anyone would build it, and its tree as the systemd of this machine imports it. */
  let image = ''
  let imported = ''

  beforeAll(async () => {
    await enableEmulation()
    scratch = createScratch()
    // In memory: a disk may take a minute to remove the many files of a machine.
    machines = scratch.mountTmpfs('machines', 'mode=755')
    closure = await closureOf('small', 'aarch64-linux')
    image = await build('plain')
    imported = await importImage(image, machines, 'plain')
  })
  afterAll(() => scratch?.remove())

  it('has nothing wrong, says check, which finds programs for aarch64', async () => {
    const { stdout } = await cli(['check', image])
    expect(stdout.text).toMatch(/, aarch64-linux\nsystemd 252 to 262 imports it\n$/)
    expect(stdout.text).not.toMatch(/^(warning|error) /m)
  })

  describe('with --arm64-branches', () => {
    let converted = ''
    let tree = ''

    beforeAll(async () => {
      converted = await build('converted', '--arm64-branches')
      tree = await treeDigest(imported)
    })

    it.each(Object.keys(SUITES) as Suite[])('is the same tree to the importer of %s', async suite => {
      expect(await treeDigest(await importOn(suite, converted, machines, `converted-${suite}`))).toBe(tree)
    })

    it('is smaller', () => {
      expect(statSync(converted).size).toBeLessThan(statSync(image).size)
    })

    it('is refused where xz is older than 5.4, of which check warns', async () => {
      const name = 'refused'
      await expect(importWithOldXz(converted, machines, name)).rejects.toThrow(
        'Failed to decode and write: Input/output error',
      )
      expect(readdirSync(machines).filter(each => each.includes(name))).toEqual([])
      const { stdout } = await cli(['check', converted])
      expect(stdout.text).toMatch(/^warning xz-filter: .* liblzma 5\.4 .* without --arm64-branches/m)
    })

    it('is taken there without the option', async () => {
      expect(await treeDigest(await importWithOldXz(image, machines, 'old'))).toBe(tree)
    })
  })

  describe('started by systemd-nspawn --boot', () => {
    let machine: ConsoleMachine
    let reports: Record<string, Report> = {}

    beforeAll(async () => {
      const { stdout: hash } = await execute('openssl', ['passwd', '-6', PASSWORD])
      plant(imported, [
        { type: 'file', path: '/etc/shadow', contents: `root:${hash.trim()}:1::::::\n` },
        { type: 'file', path: '/report.sh', contents: reportScript(ARM_QUESTIONS) },
      ])
      chmodSync(join(imported, 'etc/shadow'), 0o600)
      machine = bootOnConsole(imported, 'nspawn-rootfs-aarch64')
    })
    afterAll(() => machine?.stop())

    it('refuses a wrong password on the console', async () => {
      await logIn('a horse that is wrong')
      await machine.console.read(/Login incorrect\r\n/)
    })

    it('lets in who knows the password', async () => {
      await logIn(PASSWORD)
      await machine.console.read(/# $/)
      machine.console.type('echo "$(id -un) on $(tty)"\n')
      await machine.console.read(/root on \/dev\/\S+\r\n/)
    })

    it('powers off when its user says so', async () => {
      machine.console.type('systemctl is-system-running --wait; sh /report.sh; systemctl poweroff\n')
      expect(await machine.console.finish()).toBe(0)
      reports = readReports(imported)
      expect(reports.architecture).toMatchObject({ stdout: 'aarch64' })
    })

    it('has reached multi-user.target with a Nix database that verifies', async () => {
      await expectHealthy(reports, closure)
    })

    it('has no failed unit but those that emulation fails', () => {
      const failed = reports.failed?.stdout.split('\n\n').filter(Boolean)
      const expected = IS_EMULATED ? FAILS_UNDER_EMULATION : []
      expect(failed?.sort()).toEqual(expected.map(id => `ExecMainStatus=${EXIT_CREDENTIALS}\nId=${id}`))
    })

    async function logIn(password: string): Promise<void> {
      await machine.console.read(/ login: /)
      machine.console.type('root\n')
      await machine.console.read(/Password: /)
      machine.console.type(`${password}\n`)
    }
  })

  /** Builds the image of the closure with the command, in a folder of that name, and returns its file. */
  async function build(name: string, ...flags: string[]): Promise<string> {
    const folder = join(scratch.folder, name)
    await cli(['build', '--toplevel', closure.link, '--level', '0', '--out', folder, ...flags])
    return join(folder, 'nixos-system-aarch64-linux.tar.xz')
  }
})

/** A digest of all in a root: names, types, modes, owners, times, extended attributes, contents. */
async function treeDigest(root: string): Promise<string> {
  const metadata = ['--format=posix', '--pax-option=delete=atime,delete=ctime', '--numeric-owner', '--xattrs', '--acls']
  const script = 'tar --create --sort=name "$@" | sha256sum'
  const { stdout } = await execute('sh', [
    '-c',
    script,
    'sh',
    ...metadata,
    '--directory',
    root,
    ...readdirSync(root).sort(),
  ])
  return stdout
}
