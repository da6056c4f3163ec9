import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { REPOSITORY } from '../support/cli.ts'
import { guestOf, MACHINES } from '../support/guest.ts'
import { HOST_NETWORK, PUBLIC_KEY_NAME } from './images.ts'
import { HOME, type Site } from './site.ts'

const RUNNING = { state: 'running', failedUnits: '' }

/** Where a host has the package. */
const PACKAGE = '/opt/nspawn-rootfs'

/** A machine is made of an image that was pulled, and replaced by the next version, with what it keeps outside. */
export function describeReplacing(site: () => Site): void {
  describe('a machine that pull makes', () => {
    const nixos = () => guestOf(site().host, 'nixos')
    const pull = async (version: string, ...options: string[]) => {
      const { host, base } = site()
      const { stdout } = await host.run(
        ...([`${PACKAGE}/node`, `${PACKAGE}/dist/cli.js`, 'pull', `${base}/updates/${version}/nixos.tar.xz`] as const),
        ...['--dir', '/var/cache/nixos', '--public-key', `${HOME}/${PUBLIC_KEY_NAME}`, '--no-cache', '--json'],
        ...['--import', 'nixos', ...options],
      )
      return JSON.parse(stdout) as { bytesFetched: number; size: number; machine: object }
    }
    /** Waits until the machine, which pull has started, has booted. */
    const booted = async () => {
      await site().host.run('systemctl', 'is-active', 'systemd-nspawn@nixos')
      return nixos().start()
    }
    const greeting = () => readFileSync(join(nixos().root, 'srv/greeting.txt'), 'utf8')
    const state = () => join(site().host.root, 'srv/state')

    beforeAll(async () => {
      await site().clean()
      installPackage(site().host.root)
      mkdirSync(state(), { recursive: true })
    })

    it('starts', async () => {
      expect((await pull('1')).machine).toEqual({ name: 'nixos', action: 'imported' })
      expect(greeting()).toBe('hello\n')
      const settings = join(site().host.root, 'etc/systemd/nspawn/nixos.nspawn')
      mkdirSync(join(settings, '..'), { recursive: true })
      writeFileSync(settings, `[Files]\nBind=/srv/state:/mnt:idmap\n\n${HOST_NETWORK}`)
      expect(await nixos().start()).toEqual(RUNNING)
      await nixos().run('sh', '-c', 'echo kept > /mnt/file; echo lost > /var/lib/file')
    })

    it('stays as it is while it is not to be replaced', async () => {
      await expect(pull('2')).rejects.toThrow('machine nixos: is there already; give --replace')
      expect(greeting()).toBe('hello\n')
    })

    it('is replaced by the next version, which costs what changed', async () => {
      const { bytesFetched, size, machine } = await pull('2', '--replace')
      expect(machine).toEqual({ name: 'nixos', action: 'replaced' })
      // The pull before has fetched it, and the image is there.
      expect(bytesFetched).toBeLessThan(size / 20)
      expect(await booted()).toEqual(RUNNING)
      expect(greeting()).toBe('good morning\n')
      expect((await nixos().run('cat', '/mnt/file')).stdout).toBe('kept\n')
      expect(existsSync(join(nixos().root, 'var/lib/file'))).toBe(false)
      expect(readFileSync(join(site().host.root, MACHINES, 'nixos-previous/var/lib/file'), 'utf8')).toBe('lost\n')
    })

    it('is not replaced by what it has', async () => {
      const { stdout: before } = await site().host.run('machinectl', 'show', 'nixos', '--property=Timestamp')
      expect((await pull('2', '--replace')).machine).toEqual({ name: 'nixos', action: 'kept' })
      const { stdout: after } = await site().host.run('machinectl', 'show', 'nixos', '--property=Timestamp')
      expect(after).toBe(before)
    })

    it('goes back to the version before', async () => {
      await pull('1', '--replace')
      expect(await booted()).toEqual(RUNNING)
      expect(greeting()).toBe('hello\n')
      expect((await nixos().run('cat', '/mnt/file')).stdout).toBe('kept\n')
      await nixos().powerOff()
    })
  })
}

/** Node, and the package with what it depends on. */
function installPackage(root: string): void {
  const target = join(root, PACKAGE)
  cpSync(process.execPath, join(target, 'node'), { dereference: true })
  cpSync(join(REPOSITORY, 'dist'), join(target, 'dist'), { recursive: true })
  cpSync(join(REPOSITORY, 'package.json'), join(target, 'package.json'))
  const listing = execFileSync('npm', ['ls', '--omit=dev', '--all', '--parseable'], {
    cwd: REPOSITORY,
    encoding: 'utf8',
  })
  for (const folder of listing.split('\n').slice(1).filter(Boolean)) {
    cpSync(folder, join(target, relative(REPOSITORY, folder)), { recursive: true })
  }
}
