import { availableParallelism } from 'node:os'
import { openDefaultCache } from '../block-cache/index.ts'
import { compressionOf } from '../compression.ts'
import { containerOf } from '../container/index.ts'
import { isHttp } from '../is-http.ts'
import { type ImageSpec, type PreparedImage, prepareImage } from '../plan/index.ts'
import { type CrewOptions, type Production, type Progress, produce, startCrew } from '../produce/index.ts'
import type { OpenedClosure } from '../store/index.ts'
import type { BuildOptions } from './options.ts'

/** The options of a run. */
export interface RunOptions extends Omit<BuildOptions, 'workerUrl'> {
  readonly workerUrl: URL
  /** Called when the image is planned, and whenever a block is in it. */
  readonly onProgress?: (progress: Progress) => void
}

/** A build under way: an image as it was planned, and its bytes as they are produced. */
export interface ImageRun {
  readonly image: PreparedImage
  readonly production: Production
  /** Ends the build, wherever it is. */
  close(): Promise<void>
}

/**
 * Starts a build, of a closure that is `known` if that was opened before. When it resolves, the image is planned and its
 * bytes can be read. Aborting `ending` ends the whole build, whether or not its bytes are read.
 */
export async function startRun(
  spec: ImageSpec,
  {
    onProgress,
    workers = availableParallelism(),
    cache = openDefaultCache() ?? false,
    verifyCache = false,
    workerUrl,
  }: RunOptions,
  ending: AbortController,
  known?: OpenedClosure,
): Promise<ImageRun> {
  const { signal } = ending
  signal.throwIfAborted()
  // Threads start as slowly as Nix lists a closure, so they start while the image is planned.
  const crew = startCrew(containerOf(compressionOf(spec)), {
    workerUrl,
    workers,
    reads: contentsOf(spec.source),
    signal,
  })
  try {
    const image = await prepareImage(spec, { known, signal })
    return { image, production: produce(image, crew, { cache, verifyCache, onProgress, ending }), close: crew.stop }
  } catch (error) {
    await crew.stop()
    signal.throwIfAborted()
    throw error
  }
}

/** What contents are, as far as that is known before the closure is found. */
function contentsOf({ caches, exportFile, narFiles }: NonNullable<ImageSpec['source']> = {}): CrewOptions['reads'] {
  if (caches?.some(isHttp)) return 'nars over http'
  return caches || exportFile !== undefined || narFiles ? 'nars' : 'files'
}
