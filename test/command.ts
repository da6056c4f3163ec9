import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { inject } from 'vitest'

/** The command. */
export const MAIN = join(inject('bundle'), 'cli.js')

/** What became of a command. */
export interface CommandResult {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: Buffer
  readonly stderr: string
}

/** Options of {@link runCommand}. */
export interface CommandOptions {
  readonly cwd?: string
  readonly env?: Record<string, string>
  /** A shell line in front, such as `umask 077`. */
  readonly first?: string
  /** Called with the process as soon as it is started. */
  readonly started?: (child: ChildProcess) => void
}

/** Runs `nspawn-rootfs` with these arguments as a process of its own. */
export async function runCommand(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { cwd, env, first = ':', started } = options
  const line = `${first}; exec "$@"`
  const child = spawn('/bin/sh', ['-c', line, 'sh', process.execPath, MAIN, ...args], {
    ...(cwd && { cwd }),
    env: { PATH: process.env.PATH, NO_COLOR: '1', XDG_CACHE_HOME: '/dev/null', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started?.(child)
  const stdout: Buffer[] = []
  const stderr: Buffer[] = []
  child.stdout.on('data', chunk => stdout.push(chunk))
  child.stderr.on('data', chunk => stderr.push(chunk))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr).toString() }
}
