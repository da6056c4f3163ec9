import type { Container } from '../container/index.ts'
import { offerThreads, startThreads, type Threads } from '../pool/index.ts'
import { keepLzma2Code } from '../xz/index.ts'
import type { WorkerData } from './worker.ts'

/** What to start the threads of a build with. */
export interface CrewOptions {
  /** What they run: see `workerUrlOf`. */
  readonly workerUrl: URL
  /** Threads that compress, or for a plain tar read, at a time. */
  readonly workers: number
  /** Whether NAR files will be fetched over HTTP. */
  readonly fetches: boolean
  /** When it is aborted, all of them stop. */
  readonly signal: AbortSignal
}

/** The threads of a build. */
export interface Crew {
  readonly packers: Threads
  /** Absent where blocks are not encoded. */
  readonly encoders: Threads | undefined
  readonly workers: number
  /** Starts one more packer, which the caller stops. */
  startPacker(): Threads
  /** Stops all others. None is left when it resolves. */
  stop(): Promise<void>
}

/** Starts the threads that produce images in a container. They load while others plan the image. */
export function startCrew(container: Container, { workerUrl, workers, fetches, signal }: CrewOptions): Crew {
  keepLzma2Code()
  const startPackers = (count: number) => startThreads(workerUrl, count, signal, { fetches } satisfies WorkerData)
  // One thread reads faster than many compress; and where all blocks are in the cache, none compresses.
  const packing = container.blocks ? 1 : workers
  const packers = startPackers(packing)
  const encoders = container.blocks && offerThreads(workerUrl, workers, signal)
  return {
    packers,
    encoders,
    workers,
    startPacker: () => startPackers(1),
    async stop() {
      await Promise.all([packers.stop(), encoders?.stop()])
    },
  }
}
