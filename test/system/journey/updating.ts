import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCli } from '../support/cli.ts'
import { guestOf, MACHINES } from '../support/guest.ts'
import { UPDATE_PORT } from './images.ts'
import { HOME, type Site } from './site.ts'

/** The first systemd that Debian has `systemd-sysupdate` of. */
const SINCE = 257
const SYSUPDATE = ['/usr/lib/systemd/systemd-sysupdate', '--component=nixos'] as const
const RUNNING = { state: 'running', failedUnits: '' }

/** A machine is updated by `systemd-sysupdate`, as `help publishing` says how. */
export function describeUpdating(site: () => Site, systemd: number): void {
  if (systemd < SINCE) return

  describe('systemd-sysupdate', () => {
    let server: ChildProcess | undefined
    const inHost = (path: string) => join(site().host.root, path)
    const nixos = () => guestOf(site().host, 'nixos')
    const current = () => readlinkSync(inHost(`${MACHINES}/nixos`))
    const greeting = async () => (await nixos().run('cat', '/srv/greeting.txt')).stdout
    /** Has the server serve another state of the folder. */
    const serve = (state: string) => {
      rmSync(join(site().images.updates, 'site'), { force: true })
      symlinkSync(state, join(site().images.updates, 'site'))
    }
    const update = () => site().host.run(...SYSUPDATE, 'update')

    beforeAll(async () => {
      const { host, images } = site()
      if (existsSync(inHost(`${MACHINES}/nixos`)))
        await nixos()
          .powerOff()
          .catch(() => {})
      await site().clean()
      await host.run('sh', '-ec', `cd ${HOME}\n${images.trustCommands}`)
      serve('1')
      server = startCli(['serve', images.updates, '--port', `${UPDATE_PORT}`], { through: host.network })
      await once(server.stdout!, 'data')
      const folder = '/etc/sysupdate.nixos.d'
      const url = `http://127.0.0.1:${UPDATE_PORT}/site/nixos.transfer`
      await host.run('sh', '-ec', `mkdir -p ${folder}; cd ${folder}; curl --silent --fail --remote-name ${url}`)
      for (const path of ['srv/nixos', 'etc/systemd/nspawn']) mkdirSync(inHost(path), { recursive: true })
      writeFileSync(inHost('etc/systemd/nspawn/nixos.nspawn'), '[Files]\nBind=/srv/nixos:/var/lib/state:idmap\n')
    })
    afterAll(() => {
      server?.kill('SIGKILL')
    })

    it('installs the first version, and the machine of the symlink boots', async () => {
      await update()
      expect(current()).toBe('nixos_1')
      expect(await nixos().start()).toEqual(RUNNING)
      expect(await greeting()).toBe('hello\n')
      await nixos().run('sh', '-c', 'echo kept > /var/lib/state/file; echo lost > /var/lib/file')
    })

    it('refuses checksums whose signature is not theirs', async () => {
      serve('forged')
      await expect(update()).rejects.toThrow(/DOWNLOAD INVALID: Signature verification failed/)
      expect(current()).toBe('nixos_1')
    })

    it('installs the next version, whose machine has the state that is bound, and no other', async () => {
      serve('2')
      expect((await site().host.run(...SYSUPDATE, 'check-new')).stdout).toContain('2')
      await update()
      expect(current()).toBe('nixos_2')
      await site().host.run('systemctl', 'stop', 'systemd-nspawn@nixos')
      expect(await nixos().start()).toEqual(RUNNING)
      expect(await greeting()).toBe('good morning\n')
      expect((await nixos().run('cat', '/var/lib/state/file')).stdout).toBe('kept\n')
      expect(existsSync(join(nixos().root, 'var/lib/file'))).toBe(false)
      expect(existsSync(inHost(`${MACHINES}/nixos_1/var/lib/file`))).toBe(true)
      await nixos().powerOff()
    })

    it('does not go back, whatever is served', async () => {
      serve('1')
      await update()
      expect(current()).toBe('nixos_2')
    })
  })
}
