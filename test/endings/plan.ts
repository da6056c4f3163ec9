import type { ImageSpec } from '../../src/index.ts'

/** What the program of `program.ts` is told to do. */
export interface EndingsPlan {
  /** Decides every choice. */
  readonly seed: number
  readonly builds: number
  /** What threads run. */
  readonly workerUrl: string
  /** A folder for all that builds write. */
  readonly folder: string
  /** Specs that can be built. */
  readonly sound: readonly ImageSpec[]
  /** Specs that fail, sooner or later. */
  readonly faulty: readonly ImageSpec[]
}

/** What a process has. */
export interface Belongings {
  /** Threads, as the kernel counts them. */
  readonly threads: number
  /** What descriptors lead to, without the numbers of sockets and pipes. */
  readonly descriptors: readonly string[]
  /** What keeps the process going, as Node tells it. */
  readonly resources: readonly string[]
  /** Listeners for events of the process, and for the abort of a signal that many builds were given. */
  readonly listeners: number
  /** Files and folders that are not results. */
  readonly files: readonly string[]
  readonly workingFolder: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What the program prints. */
export interface EndingsReport {
  readonly before: Belongings
  readonly after: Belongings
  /** How often builds ended in each of the ways, and with what: `break done`, `abort Error`. */
  readonly ends: Readonly<Record<string, number>>
  /** Errors of builds that nothing accounts for. */
  readonly strange: readonly string[]
}
