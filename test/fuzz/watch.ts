import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ChildOptions } from './child.ts'
import { saveFailure } from './failures.ts'
import type { FuzzResult } from './fuzz.ts'

/** What a watched process is held to. */
export interface WatchOptions extends Omit<ChildOptions, 'current'> {
  /** Milliseconds that one input may take. Default 30 seconds: a busy machine may keep it waiting. */
  readonly timeMax?: number
  /**
   * Bytes of memory that the process may have at any time. Default 1.5 GiB. One that came there in many small steps ends
   * without a failure: the decoder of @napi-rs/lzma keeps 130 kB of each call.
   */
  readonly memoryMax?: number
}

/** What fuzzing in processes came to: inputs and failures of all of them, the corpus and code of the last. */
export interface WatchResult extends FuzzResult {
  readonly code: number
}

const CHILD = fileURLToPath(new URL('./child.ts', import.meta.url))
const LOOK_EVERY = 100
/** Milliseconds in which a process comes to its first input. */
const START_MAX = 120_000

/**
 * Fuzzes a target in a process, which is ended where an input takes too long or too much memory. The time that is left goes
 * to another process, with another seed.
 */
export async function fuzzWatched(options: WatchOptions): Promise<WatchResult> {
  const folder = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-fuzz-'))
  const total = { inputs: 0, corpus: 0, failures: 0, code: 0 }
  const end = performance.now() + options.time
  try {
    for (let { seed } = options; performance.now() < end && total.failures < 10; seed++) {
      const time = Math.ceil(end - performance.now())
      const result = await runChild({ ...options, seed, time, current: join(folder, 'input') })
      total.inputs += result.inputs
      total.failures += result.failures
      if (result.corpus > 0) Object.assign(total, { corpus: result.corpus, code: result.code })
    }
    return total
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runChild(options: WatchOptions & ChildOptions): Promise<WatchResult> {
  const { timeMax = 30_000, memoryMax = 1.5 * 1024 ** 3, current, ...rest } = options
  const child = fork(CHILD, [JSON.stringify({ ...rest, current })], {
    execArgv: [],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  let result: WatchResult | undefined
  let why: string | undefined
  let last = { count: -1, since: performance.now(), memory: 0 }
  let isFull = false
  child.on('message', message => {
    result = message as WatchResult
  })
  const watch = setInterval(() => {
    const { count } = inputIn(current)
    const memory = memoryOf(child.pid!)
    if (count !== last.count) last = { count, since: performance.now(), memory }
    const most = count < 0 ? START_MAX : timeMax
    if (result === undefined && performance.now() - last.since > most) why = `takes over ${most} ms`
    isFull ||= memory > memoryMax
    if (isFull && memory - last.memory > memoryMax / 4) why = `takes over ${memoryMax} bytes of memory`
    if (isFull || why !== undefined) child.kill('SIGKILL')
  }, LOOK_EVERY)
  const [code, signal] = await once(child, 'exit')
  clearInterval(watch)
  if (result !== undefined) return result
  const { count, input } = inputIn(current)
  if (isFull && why === undefined) return { inputs: count, corpus: 0, failures: 0, code: 0 }
  console.error(saveFailure(options, input, why ?? `ends the process (${signal ?? code})`))
  return { inputs: Math.max(0, count), corpus: 0, failures: 1, code: 0 }
}

/** The input that a process runs. While it starts, there is none. */
function inputIn(file: string): { count: number; input: Uint8Array } {
  try {
    const bytes = readFileSync(file)
    return { count: bytes.readUInt32LE(0), input: bytes.subarray(8, 8 + bytes.readUInt32LE(4)) }
  } catch {
    return { count: -1, input: new Uint8Array() }
  }
}

/** Bytes of memory that a process has; 0 where there is no /proc to tell. */
function memoryOf(pid: number): number {
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')
    return Number(pages) * 4096
  } catch {
    return 0
  }
}
