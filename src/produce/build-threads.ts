import type { Container } from '../container/index.ts'
import { offerThreads, startThreads, type Threads } from '../pool/index.ts'
import { keepCode } from '../xz/index.ts'
import type { WorkerData } from './worker.ts'

/** What to start the threads of a build with. */
export interface BuildThreadsOptions {
  /** What they run: see `workerUrlOf`. */
  readonly workerUrl: URL
  /** Threads that compress at a time, or for a plain tar read, if that is of use. */
  readonly workers: number
  /** Where contents come from: files of a store, or NARs, which have to be decompressed and perhaps fetched over HTTP. */
  readonly reads: 'files' | 'nars' | 'nars over http'
  /** When it is aborted, all of them stop. */
  readonly signal: AbortSignal
}

/** The threads of a build. */
export interface BuildThreads {
  readonly packers: Threads
  /** How many of them there are. */
  readonly packing: number
  /** Absent where blocks are not encoded. */
  readonly encoders: Threads | undefined
  readonly workers: number
  /** Starts one more packer, which the caller stops when it is done. */
  startPacker(): Threads
  /** Stops all others. None is left when it resolves. */
  stop(): Promise<void>
}

/**
 * Threads that read files at a time. A single one hashes and writes the image, so more of them only wait: on 16 processors, a
 * plain tar took 1.4 times as long with 16 of them as with four.
 */
const READERS_MAX = 4

/** Starts the threads that produce images in a container. They load while others plan the image. */
export function startBuildThreads(
  container: Container,
  { workerUrl, workers, reads, signal }: BuildThreadsOptions,
): BuildThreads {
  keepCode()
  const fetches = reads === 'nars over http'
  const started: Threads[] = []
  const startPackers = (count: number) => {
    const packers = startThreads(workerUrl, count, signal, { fetches } satisfies WorkerData)
    started.push(packers)
    return packers
  }
  // One thread reads faster than many compress; and where all blocks are in the cache, none compresses. With four that read, 16
  // processors make a tar.zst in 0.8 of the time, but a tar.xz at level 6 in 1.12: each then has a fourth of the slots.
  const packing = container.blocks ? 1 : reads === 'files' ? Math.min(workers, READERS_MAX) : workers
  const packers = startPackers(packing)
  const encoders = container.blocks && offerThreads(workerUrl, workers, signal)
  return {
    packers,
    packing,
    encoders,
    workers,
    startPacker: () => startPackers(1),
    async stop() {
      await Promise.all([...started, encoders].map(threads => threads?.stop()))
    },
  }
}
