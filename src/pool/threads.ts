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
  return createThreads(module, count, count)
}

/** The same, but no thread starts before there is a job for it. */
export function offerThreads(module: URL, count: number): Threads {
  return createThreads(module, 0, count)
}

function createThreads(module: URL, minThreads: number, maxThreads: number): Threads {
  // An idle thread must go on with its event loop: that is where native code frees what a job no longer needs. With
  // atomics, a thread sleeps from one job to the next, and the compressed blocks of a whole image stayed in memory.
  const pool = new Piscina({
    filename: module.href,
    minThreads,
    maxThreads,
    idleTimeout: Number.POSITIVE_INFINITY,
    atomics: 'disabled',
    // What threads make besides memory of their own lives for a moment: 565 MB instead of 590 for an image from a cache.
    resourceLimits: { maxYoungGenerationSizeMb: 4 },
  })
  return {
    run: (job, task, signal) => pool.run(task, { name: job, signal }),
    stop: () => pool.destroy(),
  }
}
