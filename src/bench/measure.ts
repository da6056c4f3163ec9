import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { BenchError } from './errors.ts'

/** The time and memory of one run of a command. */
export interface Run {
  /** From start to end. */
  readonly seconds: number
  /** Of all processes of the command, in user mode and in the kernel. */
  readonly cpuSeconds: number
  /** Peak of the resident memory of all its processes together, in bytes; 0 where there is no /proc. */
  readonly peakBytes: number
}

/** Milliseconds between two looks at memory. */
const SAMPLE = 20

/**
 * Runs a line of bash with `pipefail` and measures it. Rejects with what it wrote to standard error where it fails, and
 * with the signal's reason when aborted.
 */
export async function measure(line: string, signal?: AbortSignal): Promise<Run> {
  signal?.throwIfAborted()
  // Bash knows the processor time of its children, of pipelines too; TIMEFORMAT has it in seconds.
  const script = `TIMEFORMAT='times %U %S'; time { ${line}\n}`
  const started = performance.now()
  const child = spawn('bash', ['-o', 'pipefail', '-c', script], {
    // In other locales, bash writes the seconds with a comma.
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['ignore', 'ignore', 'pipe'],
    // A group of its own, so that an abort ends all of a pipeline.
    detached: true,
  })
  const meter = child.pid === undefined ? undefined : createMemoryMeter(child.pid)
  const stop = () => process.kill(-child.pid!, 'SIGTERM')
  signal?.addEventListener('abort', stop)
  try {
    const said = await finish(child, line)
    const seconds = (performance.now() - started) / 1000
    const [, user = 0, system = 0] = /^times (\S+) (\S+)$/m.exec(said) ?? []
    return { seconds, cpuSeconds: Number(user) + Number(system), peakBytes: meter?.peak() ?? 0 }
  } catch (error) {
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', stop)
    meter?.stop()
  }
}

function finish(child: ReturnType<typeof spawn>, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = ''
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    child.on('error', reject)
    child.on('close', code => {
      if (code === 0) return resolve(said)
      const message = `exit ${code} from: ${line}\n${said.replace(/^times .*\n/m, '').trim()}`
      reject(new BenchError('COMMAND_FAILED', message.split('\n')))
    })
  })
}

/** Looks at the memory of a process and all that come from it, until it is stopped. */
function createMemoryMeter(root: number): { peak(): number; stop(): void } {
  let peak = 0
  const sample = () => {
    let together = 0
    for (const pid of descendants(root)) {
      const { now, highest } = memoryOf(pid)
      together += now
      // The kernel keeps the peak of a process between two looks.
      peak = Math.max(peak, highest)
    }
    peak = Math.max(peak, together)
  }
  const timer = setInterval(sample, SAMPLE)
  return { peak: () => peak, stop: () => clearInterval(timer) }
}

function descendants(pid: number): number[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
  return [...children, ...children.flatMap(descendants)]
}

/** Resident memory of a process in bytes, 0 for one that is gone. */
function memoryOf(pid: number): { now: number; highest: number } {
  const status = read(`/proc/${pid}/status`)
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? 0) * 1024
  return { now: field('VmRSS'), highest: field('VmHWM') }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** The middle of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
