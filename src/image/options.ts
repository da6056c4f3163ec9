import { abortSignal, type Check, either, fileOrUrl, flag, wholeNumber, withMethods } from '../arguments.ts'
import type { BlockCache } from '../block-cache/index.ts'

/** How to build; none of it reaches the bytes of an image. */
export interface BuildOptions {
  /** Threads that compress, or for a plain tar read, at a time. Default: as many as the machine runs at once. */
  readonly workers?: number
  /** Aborting it ends the build: it rejects with the signal's reason and leaves nothing behind. */
  readonly signal?: AbortSignal
  /**
   * Where compressed blocks are kept, so that what has not changed is neither read nor compressed again; `false` for
   * nowhere. The image is the same. Default: a folder of the user's, see `openBlockCache`.
   */
  readonly cache?: BlockCache | false
  /**
   * Whether blocks from the cache are decoded and verified against their NAR hashes again. Blocks that do not match are made
   * again, with a warning. Default false: the cache is trusted.
   */
  readonly verifyCache?: boolean
  /**
   * The module that the threads run, as a URL or a path: one that imports `nspawn-rootfs/worker`, or that entry itself. For a
   * program that is bundled into other files. Default: `worker.js` beside this module.
   */
  readonly workerUrl?: string | URL
}

/** Checks of the options. */
export const BUILD_OPTIONS = {
  workers: wholeNumber(1),
  signal: abortSignal,
  cache: either(value => value === false, flag, withMethods('get', 'put')),
  verifyCache: flag,
  workerUrl: fileOrUrl,
} as const satisfies Record<keyof BuildOptions, Check>
