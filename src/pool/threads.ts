import { Worker } from 'node:worker_threads'
import { descriptorShortage, startWait } from '../descriptors.ts'
import { ThreadError } from './errors.ts'
import { READY, type Reply, type Request } from './jobs.ts'
import { unpackError } from './sent-error.ts'

/** Threads that run jobs, one each at a time. */
export interface Threads {
  /** Runs `job`; jobs beyond the number of threads wait. Rejects with what it throws, and `ThreadError` for a thread that fails. */
  run<Result>(job: string, task: unknown): Promise<Result>
  /** Starts threads before their jobs come, so that they load meanwhile: up to one for each job, with those that there are. */
  expect(jobs: number): void
  /** Stops the threads, whatever they are doing: their jobs reject. None is left when it resolves. */
  stop(): Promise<void>
}

/** As {@link offerThreads}, but starts all threads at once. */
export function startThreads(module: URL, count: number, signal: AbortSignal, data?: unknown): Threads {
  const threads = offerThreads(module, count, signal, data)
  threads.expect(count)
  return threads
}

/** Milliseconds after which a thread is started again that found no descriptors. */
const RESTART_PAUSE = 100

interface Job extends Request {
  resolve(value: unknown): void
  reject(error: unknown): void
}

interface Thread {
  readonly worker: Worker
  readonly ended: Promise<void>
  isLoaded: boolean
  job?: Job
}

/**
 * Offers up to `count` threads that load `module`, which calls `serveJobs` and finds `data` as `workerData`. None starts before
 * there is a job for it, or one is expected. When `signal` is aborted, all stop, with its reason.
 *
 * Node's own threads, without a library: a pool that replaces ended threads may start one after it was stopped (piscina 5.3).
 * Here a thread that ends by itself ends all others: without it, a build cannot continue.
 */
export function offerThreads(module: URL, count: number, signal: AbortSignal, data?: unknown): Threads {
  const threads = new Set<Thread>()
  const idle: Thread[] = []
  const waiting: Job[] = []
  /** Threads that there may be: fewer once there were no descriptors for all. */
  let most = count
  /** Throws once there were no descriptors for the last thread for too long. */
  let checkWait: ((error: unknown) => void) | undefined
  let restart: NodeJS.Timeout | undefined
  let end: { readonly reason: unknown } | undefined

  const endAll = (reason: unknown) => {
    if (end) return
    end = { reason }
    signal.removeEventListener('abort', onAbort)
    clearTimeout(restart)
    for (const { reject } of waiting.splice(0)) reject(reason)
    for (const { worker, job } of threads) {
      job?.reject(reason)
      worker.terminate()
    }
  }
  const onAbort = () => endAll(signal.reason)

  const takeNext = (thread: Thread) => {
    const job = waiting.shift()
    thread.job = job
    if (!job) return void idle.push(thread)
    try {
      thread.worker.postMessage({ job: job.job, task: job.task } satisfies Request)
    } catch (error) {
      job.reject(error)
      takeNext(thread)
    }
  }

  const countLoading = () => [...threads].filter(thread => !thread.isLoaded).length

  const start = () => {
    const { promise: ended, resolve: onEnded } = Promise.withResolvers<void>()
    let worker: Worker
    let shortage: unknown
    try {
      worker = new Worker(module, {
        workerData: data,
        execArgv: optionsOfThreads(),
        // Small heaps for short-lived objects: 565 MB instead of 590 for an image from a cache.
        resourceLimits: { maxYoungGenerationSizeMb: 4 },
      })
    } catch (error) {
      endAll(failed({ isLoaded: false }, error))
      return
    }
    const thread: Thread = { worker, ended, isLoaded: false }
    threads.add(thread)
    worker.on('message', (message: typeof READY | Reply) => {
      if (message === READY) thread.isLoaded = true
      else if ('value' in message) thread.job?.resolve(message.value)
      else thread.job?.reject(unpackError(message.error))
      if (!end) takeNext(thread)
    })
    worker.on('error', error => {
      if (!thread.isLoaded && descriptorShortage(error)) shortage = error
      else endAll(failed(thread, error))
    })
    worker.on('exit', code => {
      if (shortage === undefined) endAll(failed(thread, new Error(`it ended with exit code ${code}`)))
      threads.delete(thread)
      if (shortage !== undefined) drop(shortage)
      onEnded()
    })
  }

  /** Drops a thread for which there were no descriptors: others do its jobs. The last one is started again. */
  const drop = (shortage: unknown) => {
    most = Math.max(1, most - 1)
    if (end || threads.size > 0 || waiting.length === 0) return
    checkWait ??= startWait()
    try {
      checkWait(shortage)
    } catch (error) {
      return endAll(error)
    }
    clearTimeout(restart)
    restart = setTimeout(() => threads.size < most && start(), RESTART_PAUSE)
  }

  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()

  return {
    run<Result>(job: string, task: unknown) {
      return new Promise<Result>((resolve, reject) => {
        if (end) return reject(end.reason)
        waiting.push({ job, task, resolve: resolve as Job['resolve'], reject })
        const thread = idle.pop()
        if (thread) takeNext(thread)
        else if (threads.size < most && waiting.length > countLoading()) start()
      })
    },
    expect(jobs) {
      while (threads.size < Math.min(jobs, most) && !end) start()
    },
    async stop() {
      endAll(new Error('the threads were stopped'))
      await Promise.all([...threads].map(({ ended }) => ended))
    },
  }
}

/** Options of Node's that load modules, or say how. Their values come behind a `=` or as the next argument. */
const LOADING = /^(--import|--require|-r|--conditions|-C|--loader|--experimental-loader)(=|$)/

/**
 * Node's options for threads; `undefined` for those of the process, of which Node takes no other way those of V8. Of a program
 * that is given as text, only those that load modules: with the one that says what it is written in, Node refuses a file.
 */
function optionsOfThreads(): string[] | undefined {
  const { execArgv } = process
  if (!execArgv.some(option => option.startsWith('--input-type'))) return undefined
  return execArgv.filter((option, i) => LOADING.test(option) || isWithoutValue(execArgv[i - 1]))
}

function isWithoutValue(option = ''): boolean {
  return LOADING.test(option) && !option.includes('=')
}

/** Bundlers do not see that the module is needed. */
const BUNDLING_ADVICE =
  'if the program is bundled, set workerUrl in the options of the call to the URL of a file that imports nspawn-rootfs/worker'

/** Why a thread does no more jobs. */
function failed({ isLoaded }: Pick<Thread, 'isLoaded'>, cause: unknown): ThreadError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return isLoaded
    ? new ThreadError('THREAD_ENDED', `a worker thread ended before its job was done: ${why}`, { cause })
    : new ThreadError('THREAD_UNLOADABLE', `a worker thread cannot be started: ${why}; ${BUNDLING_ADVICE}`, { cause })
}
