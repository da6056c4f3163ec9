import { join } from 'node:path'
import type { DebianHost } from './debian-host.ts'
import { until } from './until.ts'

/** Where systemd keeps machines. */
export const MACHINES = '/var/lib/machines'

/** A machine of a {@link DebianHost}, which `machinectl` knows by its name. */
export interface Guest {
  readonly name: string
  /** Its root directory, as this machine sees it. */
  readonly root: string
  /** Starts it, waits until its systemd has started everything or given up, and returns what it says of itself. */
  start(): Promise<GuestState>
  /** Shuts it down from inside, and waits until nothing of it is left. */
  powerOff(): Promise<void>
  /** Runs a program there, as a service. Rejects unless it exits with 0. */
  run(program: string, ...args: string[]): Promise<{ stdout: string; stderr: string }>
  /** The network namespace that it is in, and that of its host. */
  networks(): Promise<{ own: string; host: string }>
}

export interface GuestState {
  /** `running` if all is well (systemctl(1), is-system-running). */
  readonly state: string
  readonly failedUnits: string
}

/** The machine of that name, which need not be there yet. */
export function guestOf(host: DebianHost, name: string): Guest {
  const systemctl = (...args: string[]) => host.run('systemctl', '--machine', name, ...args)
  return {
    name,
    root: join(host.root, MACHINES, name),
    async start() {
      await host.run('machinectl', 'start', name)
      const state = await until(`${name} has booted`, async () => {
        const { stdout } = await systemctl('show', '--property=SystemState', '--value')
        if (/^(initializing|starting)?$/.test(stdout.trim())) throw new Error(stdout)
        return stdout.trim()
      })
      const { stdout: failedUnits } = await systemctl('list-units', '--failed', '--plain', '--no-legend')
      return { state, failedUnits }
    },
    async powerOff() {
      await host.run('machinectl', 'poweroff', name)
      await until(`${name} is off`, async () => {
        const { stdout } = await host.run('systemctl', 'show', `systemd-nspawn@${name}`, '--property=ActiveState')
        if (stdout !== 'ActiveState=inactive\n') throw new Error(stdout)
      })
    },
    run: (...command) => host.run('systemd-run', '--machine', name, '--quiet', '--wait', '--pipe', ...command),
    async networks() {
      const { stdout } = await host.run('machinectl', 'show', name, '--property=Leader', '--value')
      const links = await host.run('readlink', `/proc/${stdout.trim()}/ns/net`, '/proc/1/ns/net')
      const [own = '', hosts = ''] = links.stdout.split('\n')
      return { own, host: hosts }
    },
  }
}
