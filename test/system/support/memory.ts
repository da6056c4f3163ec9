import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Tells at the end how much memory a process had at most: getrusage would count what its parent had, too. */
const REPORTER = `
import { readFileSync } from 'node:fs'
process.on('exit', () => {
  const [, kilobytes] = /^VmHWM:\\s+(\\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  process.stderr.write('\\npeak ' + kilobytes * 1024 + '\\n')
})`

export const MB = 1e6

/** The most memory that a build should ever have, whatever it builds. */
export const MEMORY_MAX = 600 * MB

/** Has a run of the command report its memory. */
export interface MemoryMeter {
  /** The environment of the run. */
  readonly env: Record<string, string>
  /** Bytes at the most, by what the run said on standard error. */
  peak(stderr: string): number
}

/** Creates a meter, which keeps a file in `folder`. */
export function createMemoryMeter(folder: string): MemoryMeter {
  const reporter = join(folder, 'reporter.mjs')
  writeFileSync(reporter, REPORTER)
  return {
    env: { NODE_OPTIONS: `--import=${reporter}` },
    peak: stderr => Number(/^peak (\d+)$/m.exec(stderr)?.[1]),
  }
}
