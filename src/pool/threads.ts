import { Piscina } from 'piscina'

/** Threads that run jobs, one each at a time. */
export interface Threads {
  /** Runs the exported function `job`; jobs beyond the number of threads wait. Rejects when `signal` is aborted. */
  run<Result>(job: string, task: unknown, signal: AbortSignal): Promise<Result>
  /** Stops the threads, whatever they are doing. */
  stop(): Promise<void>
}

/** Starts `count` threads for the functions that `module` exports. */
export function startThreads(module: URL, count: number): Threads {
  const pool = new Piscina({ filename: module.href, minThreads: count, maxThreads: count })
  return {
    run: (job, task, signal) => pool.run(task, { name: job, signal }),
    stop: () => pool.destroy(),
  }
}
