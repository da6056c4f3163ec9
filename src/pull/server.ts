import { setTimeout } from 'node:timers/promises'
import { describeUrl } from '../describe-url.ts'
import type { RangeAnswer } from '../http/index.ts'
import type { Access } from '../nar-file/index.ts'
import { NspawnRootfsError } from '../nspawn-rootfs-error.ts'
import { PullError } from './errors.ts'
import { createSilence } from './silence.ts'

/** The folder on a server that an image is in. */
export interface ImageServer {
  /** A file as messages name it. */
  urlOf(file: string): string
  /** The whole of a small file; `undefined` if there is none. */
  document(file: string, limit: number): Promise<Uint8Array | undefined>
  /** `size` bytes of a file of `limit` bytes at most, from `start` on. Throws `PullError` PULL_MISSING, `HttpError`. */
  range(file: string, start: number, size: number, limit: number): Promise<RangeAnswer>
  /** Whether it answers with ranges; `undefined` until it has answered. */
  readonly hasRanges: boolean | undefined
  /** All bytes of a file. Throws `PullError` PULL_MISSING, `HttpError`. */
  whole(file: string, limit: number): Promise<AsyncIterable<Uint8Array>>
  /**
   * Does `work` again where the server fails or gives what is wrong, as it may be between two publications, or have one
   * machine among others that is broken. At last rejects with the error.
   */
  persist<T>(work: () => Promise<T>): Promise<T>
}

/** Opens the folder of the image at `url`. `onSilence` is told as {@link createSilence} says. */
export function openImageServer(
  url: URL,
  access: Access,
  signal: AbortSignal,
  onSilence: (isSilent: boolean) => void,
): ImageServer {
  const silence = createSilence(onSilence)
  let hasRanges: boolean | undefined
  const addressOf = (file: string) => new URL(encodeURIComponent(file), url).href
  const urlOf = (file: string) => describeUrl(addressOf(file))
  const missing = (file: string) =>
    new PullError('PULL_MISSING', urlOf(file), 'the server has no such file; check the URL')
  return {
    urlOf,
    document: (file, limit) => silence.wait(access.document(addressOf(file), { limit, acceptsGzip: true })),
    async range(file, start, size, limit) {
      const answer = await silence.wait(access.openRange(addressOf(file), { start, size }, limit))
      if (answer === undefined) throw missing(file)
      hasRanges = answer.isPart
      return { ...answer, bytes: silence.waitForBytes(answer.bytes) }
    },
    get hasRanges() {
      return hasRanges
    },
    async whole(file, limit) {
      const bytes = await silence.wait(access.open(addressOf(file), { limit }))
      if (bytes === undefined) throw missing(file)
      return silence.waitForBytes(bytes)
    },
    async persist(work) {
      const failures = countFailures(signal)
      for (;;) {
        try {
          return await work()
        } catch (error) {
          await failures.add(error)
        }
      }
    },
  }
}

/** Failures of a server, one after the other. */
export interface Failures {
  /** Waits until the server may be asked again; rejects with the error if that is of no use. */
  add(error: unknown): Promise<void>
  /** The server gave something that is right. */
  clear(): void
}

/** Failures in a row after which a server is given up. */
const FAILURES_MAX = 8

/** Milliseconds between the first failure and the next request. */
const PAUSE = 100

/** Whether another answer of the server may be better. */
export function isOfServer(error: unknown): boolean {
  if (!(error instanceof NspawnRootfsError)) return false
  // By their codes: to load the class of errors of HTTP is to load all of it, which `--version` needs not.
  return error instanceof PullError || (error.code.startsWith('HTTP_') && error.code !== 'HTTP_CLOSED')
}

/** Counts failures; `signal` ends the waits. */
export function countFailures(signal: AbortSignal): Failures {
  let count = 0
  return {
    async add(error) {
      if (!isOfServer(error) || signal.aborted || ++count >= FAILURES_MAX) throw error
      await setTimeout(PAUSE * count, undefined, { signal })
    },
    clear() {
      count = 0
    },
  }
}
