import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { startCli } from '../support/cli.ts'
import { bootDebianHost, type DebianHost, type Suite } from '../support/debian-host.ts'
import { MACHINES } from '../support/guest.ts'
import type { Scratch } from '../support/scratch.ts'
import { type Images, PUBLIC_KEY_NAME } from './images.ts'

/** A host that images are served to, by `nspawn-rootfs serve`. */
export interface Site {
  readonly host: DebianHost
  readonly images: Images
  /** The arguments of `machinectl` with which `serve` says that the image is pulled. */
  readonly pullLine: readonly string[]
  /** The URL of the folder that is served, without a slash at the end. */
  readonly base: string
  /** Has a program pull what is served under a path, as `nixos`. */
  pull(verify: string, path: string, program?: readonly string[]): Promise<{ stdout: string; stderr: string }>
  /** The machines of the host, and the settings beside them. */
  importedFiles(): string[]
  /** Removes all machines, and what is kept of downloads. */
  clean(): Promise<void>
  close(): Promise<void>
}

/** Where a host has the public key, and the images that it is to import from a file. */
export const HOME = '/root'

/** The commands of systemd that import: the second has taken the place of the first. */
export const IMPORT_PROGRAMS = {
  machinectl: { since: 252, command: ['machinectl'] },
  importctl: { since: 256, command: ['importctl', '--class=machine'] },
} as const

/** Boots a host, and serves images to it. */
export async function openSite(scratch: Scratch, suite: Suite, images: Images): Promise<Site> {
  const host = await bootDebianHost(scratch, suite)
  let server: ChildProcess | undefined
  const close = async () => {
    server?.kill('SIGKILL')
    await host.stop()
  }
  try {
    cpSync(images.publicKey, join(host.root, HOME, PUBLIC_KEY_NAME))
    server = startCli(['serve', images.folder, '--port', '0'], { through: host.network })
    const [said] = await once(server.stdout!, 'data')
    const pullLine = /^machinectl (.*)$/m.exec(`${said}`)![1]!.split(' ')
    const base = new URL('.', pullLine.find(word => word.startsWith('http'))!).href.replace(/\/$/, '')
    const inMachines = () => readdirSync(join(host.root, MACHINES)).filter(name => !name.startsWith('.'))
    return {
      host,
      images,
      pullLine,
      base,
      pull(verify, path, program = IMPORT_PROGRAMS.machinectl.command) {
        const url = `${base}/${path}`
        return host.run(program[0]!, ...program.slice(1), 'pull-tar', `--verify=${verify}`, url, 'nixos')
      },
      importedFiles: () => inMachines().sort(),
      async clean() {
        const names = inMachines().filter(name => !name.endsWith('.nspawn'))
        if (names.length > 0) await host.run('machinectl', 'remove', ...names)
        await host.run('machinectl', 'clean')
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}
