/** A Debian system with everything that `machinectl` needs, running in a container of this machine. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createCgroup } from './cgroup.ts'
import { madeRoot } from './debian-root.ts'
import { execute } from './execute.ts'
import type { Scratch } from './scratch.ts'
import { openTerminal, type Terminal } from './terminal.ts'
import { until } from './until.ts'

/** The programs that it takes. */
export const HOST_PROGRAMS = [
  'mmdebstrap',
  'systemd-nspawn',
  'setpriv',
  'nsenter',
  'pgrep',
  'script',
  'chattr',
] as const

/** The releases of Debian that hosts are made of, and the systemd in each. Sid moves: it is the oldest that it may have. */
export const SUITES = { bookworm: 252, trixie: 257, sid: 262 } as const

export type Suite = keyof typeof SUITES

const PACKAGES = [
  ...['systemd', 'systemd-sysv', 'systemd-container', 'dbus', 'gnupg', 'curl', 'tar', 'e2fsprogs', 'uidmap'],
  ...['bzip2', 'xz-utils', 'zstd'],
  // Newer importers and systemd-nspawn load these if they are there.
  ...['libacl1', 'libbpf1', 'libbz2-1.0', 'liblz4-1', 'liblzma5', 'libseccomp2', 'libselinux1', 'libzstd1', 'zlib1g'],
]

const mmdebstrapArguments = (suite: Suite) => [
  ...['--quiet', '--variant=minbase', `--include=${PACKAGES.join(',')}`],
  // What a mirror has of sid may be older than its Release file allows.
  '--aptopt=Acquire::Check-Valid-Until "false"',
  '--customize-hook=chroot "$1" systemctl enable systemd-networkd',
  suite,
]

/**
 * A container has neither the right to mount nor keys of its own by default; a machine in it needs both. The network is its
 * own: nothing that is started there touches that of this machine. What loads modules is left out, where it would fail.
 */
const NSPAWN = [
  ...['--boot', '--register=no', '--keep-unit', '--console=pipe', '--private-network'],
  ...['--capability=all', '--drop-capability=CAP_SYS_MODULE', '--system-call-filter=@mount @keyring bpf'],
]

/** From 258 on systemd takes nothing but cgroup v2, which a container has only if it is asked for. */
const NSPAWN_ENV = { SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1' }

/** A host that runs. Nothing of it outlives the tests. */
export interface DebianHost {
  /** Its root directory, as this machine sees it. */
  readonly root: string
  /** A command line that runs what is put behind it in the network of the host, with everything else of this machine. */
  readonly network: readonly string[]
  /** Runs a program there. Rejects unless it exits with 0. */
  run(program: string, ...args: string[]): Promise<{ stdout: string; stderr: string }>
  /** Runs a program there on a terminal. */
  open(program: string, ...args: string[]): Terminal
  stop(): Promise<void>
}

/** Boots a copy of {@link madeHost}. */
export async function bootDebianHost(scratch: Scratch, suite: Suite): Promise<DebianHost> {
  // In memory: a disk may take a minute to remove the many files of a machine.
  const root = join(scratch.mountTmpfs('host', 'mode=755'), 'root')
  await execute('cp', ['--archive', '--reflink=auto', await madeHost(suite), root])
  const name = `nspawn-rootfs-${suite}-${process.pid}`
  const cgroup = createCgroup(name)
  // It is shut down when this process ends, however that ends: of a killed systemd-nspawn, all that runs in it would stay.
  const command = [...cgroup.through, 'setpriv', '--pdeathsig', 'TERM', 'systemd-nspawn', '--directory', root]
  const child = spawn(command[0]!, [...command.slice(1), `--machine=${name}`, ...NSPAWN], {
    env: { ...process.env, ...NSPAWN_ENV },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const closed = once(child, 'close')
  let pid: number | undefined
  const stop = async () => {
    // With process 1 the kernel ends all others before systemd-nspawn hears of it: nothing writes to the folder any more.
    if (pid === undefined) child.kill('SIGTERM')
    else if (child.exitCode === null) process.kill(pid, 'SIGKILL')
    await closed
    cgroup.remove()
    // systemd-pull keeps what it downloaded as a tree that not even root may change.
    await execute('sh', ['-c', 'chattr -f -i "$1"/var/lib/machines/.tar-* || true', 'sh', root])
  }
  try {
    pid = await pidOfSystemd(child)
    const inside = ['nsenter', `--target=${pid}`, '--all', '/usr/bin/env', 'HOME=/root']
    const run = (...command: string[]) => execute(inside[0]!, [...inside.slice(1), ...command])
    await until('the host has booted', async () => {
      const { stdout } = await run('systemctl', 'show', '--property=SystemState', '--value')
      if (stdout !== 'running\n') throw new Error(stdout)
    })
    // Importers need not wait for the disk: nothing of this is to outlast a power failure.
    await run('systemctl', 'set-environment', 'SYSTEMD_IMPORT_SYNC=0')
    const network = ['nsenter', `--target=${pid}`, '--net']
    return {
      root,
      network,
      run,
      open: (...command) => openTerminal([...inside, ...command]),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/**
 * The root directory of a Debian system in which systemd can boot and import machines. It is made by the first who asks,
 * kept for later runs, and to be copied by who wants to change it.
 */
export function madeHost(suite: Suite): Promise<string> {
  return madeRoot(`host-${suite}`, mmdebstrapArguments(suite))
}

/** The host's process 1, as this machine counts: the child of systemd-nspawn that has become systemd. */
async function pidOfSystemd(child: ChildProcess): Promise<number> {
  const { stdout } = await until('systemd-nspawn has started systemd', () =>
    execute('pgrep', ['--exact', '--parent', `${child.pid}`, 'systemd']),
  )
  return Number(stdout)
}
