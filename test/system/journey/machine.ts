import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import type { DebianHost } from '../support/debian-host.ts'
import { execute } from '../support/execute.ts'
import { guestOf } from '../support/guest.ts'
import { until } from '../support/until.ts'
import type { Site } from './site.ts'

const PASSWORD = 'a horse that is correct'
const RUNNING = { state: 'running', failedUnits: '' }
const BIND_AND_PORT =
  '[Files]\nBind=/srv/shared:/mnt:idmap\n\n[Network]\nVirtualEthernet=yes\nPort=tcp:8080:8081\nPort=tcp:8082:8083\n'

/** The published image is pulled, and its machine is used, as `serve` and README say. */
export function describeMachine(site: () => Site): void {
  describe('a machine that was pulled', () => {
    const nixos = () => guestOf(site().host, 'nixos')
    const open = (...command: string[]) => site().host.open('machinectl', ...command)

    beforeAll(async () => {
      await site().host.run('machinectl', ...site().pullLine)
    })

    it('starts, with nothing that failed', async () => {
      expect(site().pullLine).toContain('--verify=signature')
      expect(await nixos().start()).toEqual(RUNNING)
    })

    it('has a network of its own, whatever the downloaded settings say', async () => {
      const { own, host: hosts } = await nixos().networks()
      expect(own).not.toBe(hosts)
    })

    it('has an ID of its own', async () => {
      const { stdout } = await site().host.run('machinectl', 'show', 'nixos', '--property=Id', '--value')
      expect(readFileSync(join(nixos().root, 'etc/machine-id'), 'utf8')).toBe(stdout)
    })

    it('gives a shell, in which a password is set', async () => {
      const terminal = open('shell', 'nixos', '/usr/bin/env', 'passwd')
      await terminal.read(/New password: /)
      terminal.type(`${PASSWORD}\n`)
      await terminal.read(/Retype new password: /)
      terminal.type(`${PASSWORD}\n`)
      await terminal.read(/password updated successfully/)
      expect(await terminal.finish()).toBe(0)
    })

    it('lets in who knows the password, and nobody else', async () => {
      const terminal = open('login', 'nixos')
      await terminal.read(/nixos login: /)
      terminal.type('root\n')
      await terminal.read(/Password: /)
      terminal.type('a horse that is wrong\n')
      await terminal.read(/Login incorrect\r\n[\s\S]*login: /)
      terminal.type('root\n')
      await terminal.read(/Password: /)
      terminal.type(`${PASSWORD}\n`)
      await terminal.read(/# $/)
      terminal.type('echo kept > /var/lib/kept; echo "$(id -un) on $(tty)"\n')
      await terminal.read(/root on \/dev\/pts\/\d+\r\n/)
      terminal.type('exit\n')
      await terminal.read(/login: /)
      terminal.type('\x1d\x1d\x1d')
      expect(await terminal.finish()).toBe(0)
    })

    it('has a Nix database that verifies', async () => {
      const { stderr } = await nixos().run('nix-store', '--verify', '--check-contents')
      expect(stderr).toContain('checking store hashes')
      const { stdout } = await nixos().run('nix-store', '--query', '--requisites', '/nix/var/nix/profiles/system')
      expect(stdout.split('\n').filter(Boolean).sort()).toEqual(site().images.closure.paths)
      expect(existsSync(join(nixos().root, 'nix-path-registration'))).toBe(false)
    })

    it('takes a new store path, and collects it as garbage, but nothing of the system', async () => {
      const { closure } = site().images
      const { stdout: added } = await nixos().run('nix-store', '--add', '/var/lib/kept')
      const path = added.trim()
      expect(path).toMatch(/^\/nix\/store\/[0-9a-z]{32}-kept$/)
      expect(readFileSync(join(nixos().root, path), 'utf8')).toBe('kept\n')
      await nixos().run('nix-store', '--verify-path', path)
      const { stdout: roots } = await nixos().run('nix-store', '--gc', '--print-roots')
      expect(roots).toContain(`/nix/var/nix/profiles/system -> ${closure.toplevel}\n`)
      const { stdout: deleted } = await nixos().run('nix-store', '--gc')
      expect(deleted).toContain('1 store paths deleted')
      expect(existsSync(join(nixos().root, path))).toBe(false)
      for (const one of closure.paths) expect(existsSync(join(nixos().root, one)), one).toBe(true)
    })

    it('is powered off and started again, and what has changed stays, with settings that are trusted now', async () => {
      await nixos().powerOff()
      trust(site().host, readFileSync(join(site().images.folder, 'nixos.nspawn'), 'utf8'))
      expect(await nixos().start()).toEqual(RUNNING)
      expect((await nixos().run('cat', '/var/lib/kept')).stdout).toBe('kept\n')
      const terminal = open('login', 'nixos')
      await terminal.read(/nixos login: /)
      terminal.type('root\n')
      await terminal.read(/Password: /)
      terminal.type(`${PASSWORD}\n`)
      await terminal.read(/# $/)
      terminal.type('exit\n')
      await terminal.read(/login: /)
      terminal.type('\x1d\x1d\x1d')
      await terminal.finish()
    })

    it('has the network of the host, as the settings say', async () => {
      const { own, host: hosts } = await nixos().networks()
      expect(own).toBe(hosts)
      expect(await fetchFrom(site().host, '127.0.0.1', 8081)).toBe('hello\n')
    })

    it('has the folder and the ports of other settings', async () => {
      const { host } = site()
      await nixos().powerOff()
      mkdirSync(join(host.root, 'srv/shared'))
      writeFileSync(join(host.root, 'srv/shared/from-host'), 'of the host\n')
      trust(host, BIND_AND_PORT)
      expect(await nixos().start()).toEqual(RUNNING)
      expect((await nixos().run('cat', '/mnt/from-host')).stdout).toBe('of the host\n')
      await nixos().run('cp', '/srv/greeting.txt', '/mnt/from-machine')
      expect(readFileSync(join(host.root, 'srv/shared/from-machine'), 'utf8')).toBe('hello\n')
      // The mapping is made when the machine has got an address from its host, some seconds after its boot.
      const { stdout } = await execute(host.network[0]!, [...host.network.slice(1), 'hostname', '--all-ip-addresses'])
      const address = stdout.split(' ').find(one => one.startsWith('192.168.'))!
      expect(await until('port 8080 answers', () => fetchFrom(host, address, 8080))).toBe('hello\n')
      await expect(fetchFrom(host, address, 8082)).rejects.toThrow('exit code 7')
      await nixos().powerOff()
    })
  })
}

/** Puts settings where systemd-nspawn trusts them. */
function trust(host: DebianHost, settings: string): void {
  const folder = join(host.root, 'etc/systemd/nspawn')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'nixos.nspawn'), settings)
}

async function fetchFrom(host: DebianHost, address: string, port: number): Promise<string> {
  const get = ['curl', '--silent', '--show-error', '--fail', '--max-time', '5']
  const [program = '', ...args] = [...host.network, ...get, `http://${address}:${port}/greeting.txt`]
  return (await execute(program, args)).stdout
}
