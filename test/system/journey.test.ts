import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { buildImage } from '../../src/index.ts'
import { cli, startCli } from './support/cli.ts'
import { closureOf, type TestClosure } from './support/closures.ts'
import { bootDebianHost, type DebianHost, HOST_PROGRAMS } from './support/debian-host.ts'
import { execute } from './support/execute.ts'
import { guestOf, MACHINES } from './support/guest.ts'
import { CLOSURE_PROGRAMS, needsRoot } from './support/root.ts'
import { createScratch, type Scratch } from './support/scratch.ts'
import { until } from './support/until.ts'

const journey = needsRoot(...CLOSURE_PROGRAMS, ...HOST_PROGRAMS, 'curl', 'hostname', 'tar', 'xz')

const HOST_NETWORK = '[Network]\nPrivate=no\nVirtualEthernet=no\n'
const BIND_AND_PORT =
  '[Files]\nBind=/srv/shared:/mnt:idmap\n\n[Network]\nVirtualEthernet=yes\nPort=tcp:8080:8081\nPort=tcp:8082:8083\n'

/** Bytes. systemd-pull 252 hangs now and then where an image has come before the little files beside it: see image-server.ts. */
const TAKES_LONGER = 64 << 20

const declarationOf = (toplevel: string) => `
name: nixos
closure: { toplevel: ${toplevel} }
files:
  /etc/nix/nix.conf: { text: "build-users-group =\\n" }
  /srv/greeting.txt: { text: "hello\\n" }
systemd:
  hostname: nixos
  units:
    systemd-networkd.service: { enable: true }
    greeter.service:
      enable: true
      text: |
        [Service]
        ExecStart=/usr/bin/busybox httpd -f -p 8081 -h /srv
        [Install]
        WantedBy=multi-user.target
nspawn:
  Network: { Private: false, VirtualEthernet: false }
compression: { level: 1 }
signing: { key: keys/secret.asc }
`

describe.skipIf(journey.skip)(`machinectl on a Debian host${journey.because}`, () => {
  let scratch: Scratch
  let closure: TestClosure
  let host: DebianHost
  let server: ChildProcess | undefined
  /** Where the host has what is published. */
  let images = ''
  /** What `serve` says how an image is pulled. */
  let pullLine: string[] = []

  beforeAll(async () => {
    scratch = createScratch()
    closure = await closureOf('small')
    host = await bootDebianHost(scratch, 'bookworm')
    images = join(host.root, 'srv/images')
    const declaration = join(scratch.folder, 'image.yaml')
    writeFileSync(declaration, declarationOf(closure.link))
    await cli(['key', 'generate', '--out', join(scratch.folder, 'keys')])
    await cli(['publish', declaration, '--out', images])
    await buildSmallImages()
    server = startCli(['serve', images, '--port', '0'], { through: host.network })
    const [said] = await once(server.stdout!, 'data')
    pullLine = /^machinectl (.*)$/m.exec(`${said}`)![1]!.split(' ')
  })
  afterAll(async () => {
    server?.kill('SIGKILL')
    await host?.stop()
    scratch?.remove()
  })

  describe('pull-tar', () => {
    // What was downloaded is kept, and not verified again as long as the server has the same.
    afterEach(async () => {
      for (const name of readdirSync(join(host.root, MACHINES)).filter(isImage)) {
        await host.run('machinectl', 'remove', name)
      }
      await host.run('machinectl', 'clean')
    })

    it('refuses the image while our key is not in its keyring', async () => {
      await expect(pull('signature', 'good/nixos.tar')).rejects.toThrow(
        'DOWNLOAD INVALID: Signature verification failed',
      )
      expect(importedFiles()).toEqual([])
    })

    it('takes the image once the key is', async () => {
      const keyring = '/etc/systemd/import-pubring.gpg'
      cpSync(join(scratch.folder, 'keys/public.asc'), join(host.root, 'root/public.asc'))
      await host.run('cp', '-n', '/usr/lib/systemd/import-pubring.gpg', keyring)
      await host.run('gpg', '--no-default-keyring', '--keyring', keyring, '--import', '/root/public.asc')
      const { stderr } = await pull('signature', 'good/nixos.tar')
      expect(stderr).toContain('Signature verification succeeded')
      expect(importedFiles()).toEqual(['nixos', 'nixos.nspawn'])
      expect(readFileSync(join(host.root, MACHINES, 'nixos.nspawn'), 'utf8')).toBe(HOST_NETWORK)
    })

    it.each(['checksum', 'no'])('takes the image with --verify=%s', async verify => {
      const { stderr } = await pull(verify, 'good/nixos.tar')
      expect(stderr).not.toContain('Signature verification succeeded')
      expect(importedFiles()).toEqual(['nixos', 'nixos.nspawn'])
    })

    it.each(['signature', 'checksum'])('refuses an image with a byte flipped, with --verify=%s', async verify => {
      await expect(pull(verify, 'flipped/nixos.tar')).rejects.toThrow('DOWNLOAD INVALID: Checksum')
      expect(importedFiles()).toEqual([])
    })

    it('refuses an image with the signed SHA256SUMS of another', async () => {
      await expect(pull('signature', 'stale/nixos.tar')).rejects.toThrow('DOWNLOAD INVALID: Checksum')
      expect(importedFiles()).toEqual([])
    })

    it('refuses SHA256SUMS that fit with the signature of others', async () => {
      await expect(pull('signature', 'forged/nixos.tar')).rejects.toThrow('DOWNLOAD INVALID: Signature')
      expect(importedFiles()).toEqual([])
    })
  })

  describe('a machine that was pulled', () => {
    const PASSWORD = 'a horse that is correct'
    const nixos = () => guestOf(host, 'nixos')
    const RUNNING = { state: 'running', failedUnits: '' }

    beforeAll(async () => {
      await host.run('machinectl', ...pullLine)
    })

    it('starts, with nothing that failed', async () => {
      expect(pullLine).toContain('--verify=signature')
      expect(await nixos().start()).toEqual(RUNNING)
    })

    it('has a network of its own, whatever the downloaded settings say', async () => {
      const { own, host: hosts } = await nixos().networks()
      expect(own).not.toBe(hosts)
    })

    it('has an ID of its own', async () => {
      const { stdout } = await host.run('machinectl', 'show', 'nixos', '--property=Id', '--value')
      expect(readFileSync(join(nixos().root, 'etc/machine-id'), 'utf8')).toBe(stdout)
    })

    it('gives a shell, in which a password is set', async () => {
      const terminal = host.open('machinectl', 'shell', 'nixos', '/usr/bin/env', 'passwd')
      await terminal.read(/New password: /)
      terminal.type(`${PASSWORD}\n`)
      await terminal.read(/Retype new password: /)
      terminal.type(`${PASSWORD}\n`)
      await terminal.read(/password updated successfully/)
      expect(await terminal.finish()).toBe(0)
    })

    it('lets in who knows the password, and nobody else', async () => {
      const terminal = host.open('machinectl', 'login', 'nixos')
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
      expect(stdout.split('\n').filter(Boolean).sort()).toEqual(closure.paths)
      expect(existsSync(join(nixos().root, 'nix-path-registration'))).toBe(false)
    })

    it('takes a new store path, and collects it as garbage, but nothing of the system', async () => {
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
      await install('/srv/images/nixos.nspawn')
      expect(await nixos().start()).toEqual(RUNNING)
      expect((await nixos().run('cat', '/var/lib/kept')).stdout).toBe('kept\n')
      const terminal = host.open('machinectl', 'login', 'nixos')
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
      expect(await fetchFromHost('127.0.0.1', 8081)).toBe('hello\n')
    })

    it('has the folder and the ports of other settings', async () => {
      await nixos().powerOff()
      mkdirSync(join(host.root, 'srv/shared'))
      writeFileSync(join(host.root, 'srv/shared/from-host'), 'of the host\n')
      writeFileSync(join(host.root, 'srv/other.nspawn'), BIND_AND_PORT)
      await install('/srv/other.nspawn')
      expect(await nixos().start()).toEqual(RUNNING)
      expect((await nixos().run('cat', '/mnt/from-host')).stdout).toBe('of the host\n')
      await nixos().run('cp', '/srv/greeting.txt', '/mnt/from-machine')
      expect(readFileSync(join(host.root, 'srv/shared/from-machine'), 'utf8')).toBe('hello\n')
      // The mapping is made when the machine has got an address from its host, some seconds after its boot.
      const { stdout } = await execute(host.network[0]!, [...host.network.slice(1), 'hostname', '--all-ip-addresses'])
      const address = stdout.split(' ').find(one => one.startsWith('192.168.'))!
      expect(await until('port 8080 answers', () => fetchFromHost(address, 8080))).toBe('hello\n')
      await expect(fetchFromHost(address, 8082)).rejects.toThrow('exit code 7')
      await nixos().powerOff()
    })
  })

  describe('a machine that was imported from what was built', () => {
    it('is there', async () => {
      await host.run('machinectl', 'import-tar', '/srv/images/nixos.tar.xz', 'built')
      expect(importedFiles()).toContain('built')
    })

    it('is cloned, and the clone starts', async () => {
      await host.run('machinectl', 'clone', 'built', 'copy')
      expect(await guestOf(host, 'copy').start()).toMatchObject({ state: 'running' })
      await guestOf(host, 'copy').powerOff()
    })

    it('is exported with the names that were in the image', async () => {
      await host.run('machinectl', 'export-tar', '--format=uncompressed', 'built', '/srv/exported.tar')
      expect(await namesIn('srv/exported.tar')).toEqual(await namesIn('srv/images/nixos.tar.xz'))
    })

    it('is removed, and so is the clone', async () => {
      await host.run('machinectl', 'remove', 'built', 'copy')
      expect(importedFiles().filter(name => /^(built|copy)/.test(name))).toEqual([])
    })
  })

  /** Builds a small image into a folder that is good, and into some in which one thing each is wrong. */
  async function buildSmallImages(): Promise<void> {
    const roots = closure.paths.filter(path => path.includes('-busybox-static-'))
    const signing = { keyFile: join(scratch.folder, 'keys/secret.asc') }
    for (const folder of ['good', 'flipped', 'stale', 'forged', 'other']) {
      const contents = Buffer.alloc(TAKES_LONGER, folder === 'other' ? 1 : 0)
      const entries = [{ type: 'file', path: '/srv/filler', contents }] as const
      const spec = { roots, entries, format: 'tar', name: 'nixos', settings: HOST_NETWORK, signing } as const
      await buildImage(spec, join(images, folder))
    }
    const image = readFileSync(join(images, 'flipped/nixos.tar'))
    image[image.length >> 1]! ^= 1
    writeFileSync(join(images, 'flipped/nixos.tar'), image)
    const signatures = ['SHA256SUMS.gpg', 'SHA256SUMS.asc']
    for (const file of ['SHA256SUMS', ...signatures]) cpSync(join(images, 'other', file), join(images, 'stale', file))
    for (const file of signatures) cpSync(join(images, 'other', file), join(images, 'forged', file))
  }

  /** Pulls what is published under a path, as `nixos`. */
  function pull(verify: string, path: string) {
    const url = new URL(path, pullLine.find(word => word.startsWith('http'))!)
    return host.run('machinectl', 'pull-tar', `--verify=${verify}`, url.href, 'nixos')
  }

  /** Makes a settings file of the host one that is trusted. */
  async function install(file: string): Promise<void> {
    await host.run('install', '-D', '-m', '644', file, '/etc/systemd/nspawn/nixos.nspawn')
  }

  function importedFiles(): string[] {
    return readdirSync(join(host.root, MACHINES))
      .filter(name => !name.startsWith('.'))
      .sort()
  }

  function isImage(name: string): boolean {
    return !name.startsWith('.') && !name.endsWith('.nspawn')
  }

  async function fetchFromHost(address: string, port: number): Promise<string> {
    const get = ['curl', '--silent', '--show-error', '--fail', '--max-time', '5']
    const [program = '', ...args] = [...host.network, ...get, `http://${address}:${port}/greeting.txt`]
    return (await execute(program, args)).stdout
  }

  /** The names in a tar of the host, as GNU tar lists them. */
  async function namesIn(file: string): Promise<string[]> {
    const { stdout } = await execute('tar', ['--list', '--file', join(host.root, file)])
    const names = stdout.split('\n').map(name => name.replace(/^\.\//, ''))
    return names.filter(Boolean).sort()
  }
})
