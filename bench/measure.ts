import { spawn } from 'node:child_process'

/** What one run of a command took. */
export interface Run {
  /** From start to end, seconds. */
  readonly seconds: number
  /** Highest resident memory in MiB; `undefined` for what is not Node. */
  readonly peak: number | undefined
}

/** A command to measure, for a shell. */
export interface Contender {
  readonly name: string
  readonly command: string
}

const REPORT_PEAK = `data:text/javascript,${encodeURIComponent(
  "process.on('exit', () => console.error('peak KiB', process.resourceUsage().maxRSS))",
)}`

/** A shell command that runs Node and tells its peak of memory when it ends. */
export function nodeCommand(args: readonly string[]): string {
  return [process.execPath, '--import', REPORT_PEAK, ...args].map(arg => `'${arg.replaceAll("'", `'\\''`)}'`).join(' ')
}

/** Runs the commands in turn, A B A B, after one round that does not count: so all meet the same machine. */
export async function alternate(contenders: readonly Contender[], rounds: number): Promise<Run[][]> {
  const runs: Run[][] = contenders.map(() => [])
  for (let round = -1; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      const run = await measure(contender)
      if (round >= 0) runs[i].push(run)
    }
  }
  return runs
}

function measure({ name, command }: Contender): Promise<Run> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const child = spawn('bash', ['-o', 'pipefail', '-c', command], { stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    child.on('error', reject)
    child.on('close', code => {
      const seconds = (performance.now() - started) / 1000
      const peak = /^peak KiB (\d+)$/m.exec(said)?.[1]
      if (code === 0) resolve({ seconds, peak: peak === undefined ? undefined : Number(peak) / 1024 })
      else reject(new Error(`${name}: exit ${code}: ${said}`))
    })
  })
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
