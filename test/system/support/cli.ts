import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { HANGS_AFTER } from './execute.ts'

/** The checkout. */
export const REPOSITORY = join(import.meta.dirname, '../../..')

export interface CliOptions {
  cwd?: string
  /** Added to a PATH and a HOME, which is all that comes from here, and to there being no cache. */
  env?: Record<string, string>
  /** A command line that runs what is put behind it, such as `nice`. */
  through?: readonly string[]
  /** What runs the command: node and its main file. Default: ours. */
  command?: readonly string[]
  /** A file descriptor for standard output instead of a pipe. */
  stdout?: number
}

/** What came of a command. */
export interface CliResult {
  /** Exit code, or the signal that ended it. */
  readonly exit: number | NodeJS.Signals
  readonly stdout: { readonly size: number; readonly sha256: string; readonly text: string }
  readonly stderr: string
}

/** The command as the package has it; `npm run build` makes it. */
const MAIN = 'dist/cli.js'

/** What runs the command of a checkout. */
export function commandOf(checkout: string, node = process.execPath): readonly string[] {
  return [node, join(checkout, MAIN)]
}

/** Starts `nspawn-rootfs ARGS`. */
export function startCli(args: readonly string[], options: CliOptions = {}): ChildProcess {
  const command = options.command ?? commandOf(REPOSITORY)
  const [program = '', ...rest] = [...(options.through ?? []), ...command, ...args]
  return spawn(program, rest, {
    cwd: options.cwd,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', XDG_CACHE_HOME: '/dev/null', ...options.env },
    stdio: ['ignore', options.stdout ?? 'pipe', 'pipe'],
    timeout: HANGS_AFTER,
    killSignal: 'SIGKILL',
  })
}

/** Waits for the end of what {@link startCli} started. */
export async function finishCli(child: ChildProcess): Promise<CliResult> {
  const hash = createHash('sha256')
  let size = 0
  let text = ''
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    hash.update(chunk)
    size += chunk.length
    if (size < 1 << 20) text += chunk
  })
  child.stderr?.on('data', chunk => {
    stderr += chunk
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals]
  return { exit: code ?? signal, stdout: { size, sha256: hash.digest('hex'), text }, stderr }
}

/** Runs `nspawn-rootfs ARGS` to its end, whatever that is. */
export function runCli(args: readonly string[], options?: CliOptions): Promise<CliResult> {
  return finishCli(startCli(args, options))
}

/** Runs `nspawn-rootfs ARGS`, which must succeed. */
export async function cli(args: readonly string[], options?: CliOptions): Promise<CliResult> {
  const result = await runCli(args, options)
  if (result.exit !== 0) throw new Error(`nspawn-rootfs ${args.join(' ')}: ${result.exit}:\n${result.stderr}`)
  return result
}
