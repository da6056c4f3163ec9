import { setMaxListeners } from 'node:events'
import { availableParallelism } from 'node:os'
import { startThreads, type Threads } from '../pool/index.ts'
import { assembleBlocks, assemblePlain, type FileChunk } from './assembling.ts'
import { type PackedSizes, packImage } from './packing.ts'
import type { PreparedImage } from './prepare.ts'
import { createProgress, type Progress } from './progress.ts'

/** How to build; none of it reaches the bytes of an image. */
export interface BuildOptions {
  /** Threads that compress, or for a plain tar read, at a time. Default: as many as the machine runs at once. */
  workers?: number
  /** Aborting it ends the build: it rejects with the signal's reason and leaves nothing behind. */
  signal?: AbortSignal
  /** Told whenever a block is in the image. */
  onProgress?: (progress: Progress) => void
}

/** Pieces that a thread which reads for a plain tar may be ahead: 32 MiB each. */
const PIECES_AHEAD = 32

/** Blocks under way besides those being encoded: encoded ones whose turn has not come. */
const BLOCKS_WAITING = 2

/** The jobs: beside this file in the sources, beside the entry of the package once it is bundled. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url)

/**
 * Produces the file of an image from its first byte to its last, and fills in `sizes`. What a chunk holds is the
 * receiver's until it asks for the next.
 */
export async function* produceImage(
  image: PreparedImage,
  sizes: PackedSizes,
  options: BuildOptions,
): AsyncGenerator<FileChunk> {
  const workers = workersOf(options)
  // Its own controller, because every job listens to it, and so that jobs still under way end with this generator.
  const stop = new AbortController()
  setMaxListeners(0, stop.signal)
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal
  setMaxListeners(0, signal)
  const threads: Threads[] = []
  const start = (count: number) => {
    const started = startThreads(WORKER, count)
    threads.push(started)
    return started
  }
  const progress = options.onProgress && createProgress(image.plan, options.onProgress)
  try {
    for await (const chunk of chunksOf(image, sizes, workers, start, signal)) {
      signal.throwIfAborted()
      yield chunk
      if (chunk.block) progress?.(chunk.block)
    }
  } catch (error) {
    options.signal?.throwIfAborted()
    throw error
  } finally {
    stop.abort()
    await Promise.all(threads.map(each => each.stop()))
  }
}

function chunksOf(
  { plan, container, format, level }: PreparedImage,
  sizes: PackedSizes,
  workers: number,
  start: (count: number) => Threads,
  signal: AbortSignal,
): AsyncGenerator<FileChunk> {
  const pieceSize = container.blockSize
  if (!container.encode) {
    const packers = start(workers)
    return assemblePlain(
      packImage(plan, { packers, lanes: workers, pieceSize, piecesAhead: PIECES_AHEAD, signal }, sizes),
    )
  }
  // One thread reads faster than many compress. It may fill a piece while all the others are being encoded or wait.
  const packers = start(1)
  const blocksAhead = workers + BLOCKS_WAITING
  const pieces = packImage(plan, { packers, lanes: 1, pieceSize, piecesAhead: blocksAhead + 1, signal }, sizes)
  return assembleBlocks(pieces, container, { encoders: start(workers), format, level, blocksAhead, signal })
}

function workersOf({ workers = availableParallelism() }: BuildOptions): number {
  if (Number.isInteger(workers) && workers >= 1) return workers
  throw new RangeError(`workers: a whole number from 1 on, not ${workers}`)
}
