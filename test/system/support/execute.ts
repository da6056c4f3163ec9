import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Milliseconds after which a program hangs, whatever the machine. */
export const HANGS_AFTER = 600_000

/**
 * Runs a program; `env` is added to ours. Rejects unless it exits with 0, with what it said on standard error.
 */
export async function execute(
  program: string,
  args: readonly string[],
  options: { env?: Record<string, string>; cwd?: string } = {},
): Promise<{ stdout: string; stderr: string }> {
  try {
    return await run(program, args, {
      maxBuffer: 1 << 30,
      timeout: HANGS_AFTER,
      killSignal: 'SIGKILL',
      ...options,
      env: { ...process.env, ...options.env },
    })
  } catch (error) {
    const { code, signal, stderr } = error as { code?: number; signal?: string; stderr?: string }
    throw new Error(`${program} ${args.join(' ')}: exit code ${code}, signal ${signal}:\n${stderr}`, { cause: error })
  }
}
