import { availableParallelism } from 'node:os'
import { openDefaultCache } from '../block-cache/index.ts'
import { type ClosureSource, placeOf } from '../closure-source.ts'
import { compressionOf } from '../compression.ts'
import { containerOf } from '../container/index.ts'
import { isHttp } from '../is-http.ts'
import { type ImageSpec, type PreparedImage, prepareImage } from '../plan/index.ts'
import {
  type BuildThreadsOptions,
  type Production,
  type Progress,
  produce,
  startBuildThreads,
} from '../produce/index.ts'
import type { OpenedClosure } from '../store/index.ts'
import type { BuildOptions } from './options.ts'

/** The options of an attempt. */
export interface AttemptOptions extends Omit<BuildOptions, 'workerUrl'> {
  readonly workerUrl: URL
  /** Called when the image is planned, and whenever a block is in it. It must not throw. */
  readonly onProgress: (progress: Progress) => void
}

/** An attempt to build an image: the image as it was planned, and its bytes as they are produced. */
export interface BuildAttempt {
  readonly image: PreparedImage
  readonly production: Production
  /** Ends the attempt, wherever it is. */
  close(): Promise<void>
}

/**
 * Starts an attempt, with a closure that is `known` if that was opened before. When it resolves, the image is planned and its
 * bytes can be read. Aborting `ending` ends the whole build, whether or not its bytes are read.
 */
export async function startAttempt(
  spec: ImageSpec,
  {
    onProgress,
    workers = availableParallelism(),
    cache = openDefaultCache() ?? false,
    verifyCache = false,
    workerUrl,
  }: AttemptOptions,
  ending: AbortController,
  known?: OpenedClosure,
): Promise<BuildAttempt> {
  const { signal } = ending
  signal.throwIfAborted()
  // Threads start as slowly as Nix lists a closure, so they start while the image is planned.
  const threads = startBuildThreads(containerOf(compressionOf(spec)), {
    workerUrl,
    workers,
    reads: readsOf(spec.source),
    signal,
  })
  try {
    const image = await prepareImage(spec, { known, signal })
    return {
      image,
      production: produce(image, threads, { cache, verifyCache, onProgress, ending }),
      close: threads.stop,
    }
  } catch (error) {
    await threads.stop()
    signal.throwIfAborted()
    throw error
  }
}

/** What threads read, as far as that is known before the closure is found. Throws `TypeError` if `source` names several places. */
function readsOf(source: ClosureSource = {}): BuildThreadsOptions['reads'] {
  const place = placeOf(source)
  switch (place.kind) {
    case 'caches':
      return place.urls.some(isHttp) ? 'nars over http' : 'nars'
    case 'exportFile':
    case 'narFiles':
      return 'nars'
    default:
      return 'files'
  }
}
