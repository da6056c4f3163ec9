import { availableParallelism } from 'node:os'
import { abortSignal, type Check, either, fileOrUrl, flag, wholeNumber, withMethods } from '../arguments.ts'
import { type BlockCache, guardCache, openDefaultCache } from '../block-cache/index.ts'
import { blockCapacity, CONTAINERS, type Container } from '../container/index.ts'
import { offerThreads, startThreads, type Threads } from '../pool/index.ts'
import type { OpenedClosure } from '../store/index.ts'
import { keepLzma2Code } from '../xz/index.ts'
import { assembleBlocks, assemblePlain, type FileChunk } from './assembling.ts'
import type { CacheFaults } from './cache-faults.ts'
import { type CachedBatches, lookUpBatches } from './cached-batches.ts'
import { lookAhead } from './look-ahead.ts'
import { createSizes, type PackedSizes, type PackOptions, type Piece, packBatches, packImage } from './packing.ts'
import { type Batch, type ImagePlan, narSizeOf } from './plan.ts'
import { type PreparedImage, prepareImage } from './prepare.ts'
import { createProgress, type Fetching, type Progress, type ProgressTeller } from './progress.ts'
import { compressionOf, type ImageSpec } from './spec.ts'
import { createBatchVerifier } from './verify-batch.ts'
import type { VerifyTask } from './worker.ts'

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
   * Whether what comes from the cache is verified against its NAR hashes again, by decoding it. What does not match is made
   * anew, with a warning. Default false: the cache is believed.
   */
  readonly verifyCache?: boolean
  /**
   * What the threads run, as a URL or a path: a module that imports `nspawn-rootfs/worker`, or that entry itself. For a
   * program that is bundled into other files. Default: `worker.js` beside this module.
   */
  readonly workerUrl?: string | URL
}

/** What the options may be. */
export const BUILD_OPTIONS = {
  workers: wholeNumber(1),
  signal: abortSignal,
  cache: either(value => value === false, flag, withMethods('get', 'put')),
  verifyCache: flag,
  workerUrl: fileOrUrl,
} as const satisfies Record<keyof BuildOptions, Check>

/** The options of a run. */
export interface RunOptions extends Omit<BuildOptions, 'workerUrl'> {
  readonly workerUrl: URL
  /** Told when the image is planned, and whenever a block is in it. */
  readonly onProgress?: (progress: Progress) => void
}

/**
 * Bytes of plain tar that all threads together may be ahead. So much, because one of them may be busy for long with a
 * store path of many small entries, and the others have to wait for it once their memory is full.
 */
const PLAIN_AHEAD = 128 * 1024 * 1024

/**
 * Encoded blocks that wait while an earlier one is being encoded, for each thread that encodes: of two blocks as long as each
 * other one may take three times as long as the other. They take what they were compressed to.
 */
const BLOCKS_WAITING = 2

/** Blocks of the file that are ready, or read from the cache, while those before them are written. */
const CHUNKS_AHEAD = 2

/** Milliseconds between two tellings of how much is fetched. */
const TICK = 200

/** A build under way. */
export interface ImageRun {
  readonly image: PreparedImage
  /** Filled in as the chunks come. */
  readonly sizes: PackedSizes
  /** URLs of caches that are wrong about their files, as far as the chunks have come. */
  readonly mislabelling: ReadonlySet<string>
  /** What is wrong with the block cache, as far as the chunks have come. */
  readonly cacheFaults: CacheFaults
  /** Whether what comes from the block cache was verified again. */
  readonly verifiesCache: boolean
  /** The file of the image from its first byte to its last; to be read once. */
  readonly chunks: AsyncIterable<FileChunk>
  /** Ends the build, wherever it is. */
  close(): Promise<void>
}

/**
 * Starts a build, of a closure that is `known` if that was opened before. When it resolves, the image is planned and its
 * bytes can be read. Once `ending` is aborted nothing of it goes on, whether or not somebody reads.
 */
export async function startRun(
  spec: ImageSpec,
  {
    onProgress,
    workers = availableParallelism(),
    cache = openDefaultCache() ?? false,
    verifyCache: verifiesCache = false,
    workerUrl,
  }: RunOptions,
  ending: AbortController,
  known?: OpenedClosure,
): Promise<ImageRun> {
  const { signal } = ending
  signal.throwIfAborted()
  const { format, effort } = compressionOf(spec)
  const container = CONTAINERS[format]
  // Threads take as long to start as Nix to tell a closure: both at once.
  keepLzma2Code()
  const crew = startCrew(container, { worker: workerUrl, workers, signal })
  if (spec.source?.caches?.some(url => url.startsWith('http'))) warm(crew.packers, container.blocks ? 1 : workers)
  const close = async () => {
    await Promise.all([crew.packers.stop(), crew.encoders?.stop()])
  }
  try {
    const image = await prepareImage(spec, { format, container, effort }, known, signal)
    const sizes = createSizes(image.plan)
    const count = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)
    const fetching = { count, missing: image.plan.batches }
    const mislabelling = new Set<string>()
    const cacheFaults: CacheFaults = { mismatches: [] }
    const all = chunksOf(image, sizes, crew, {
      ...{ worker: workerUrl, workers, fetching, mislabelling, signal, cache, cacheFaults, verifiesCache },
    })
    const progress = onProgress && createProgress(image.plan, fetching, onProgress)
    return { image, sizes, mislabelling, cacheFaults, verifiesCache, chunks: guard(all, progress, ending), close }
  } catch (error) {
    await close()
    signal.throwIfAborted()
    throw error
  }
}

/** The threads of a build. */
interface Crew {
  readonly packers: Threads
  /** Absent where blocks are not encoded. */
  readonly encoders: Threads | undefined
}

function startCrew(
  container: Container,
  { worker, workers, signal }: Pick<ChunkOptions, 'worker' | 'workers' | 'signal'>,
): Crew {
  if (!container.blocks) return { packers: startThreads(worker, workers, signal), encoders: undefined }
  // One thread reads faster than many compress; and where all blocks are in the cache, none compresses.
  return { packers: startThreads(worker, 1, signal), encoders: offerThreads(worker, workers, signal) }
}

/** Has `count` threads load what they will need to ask servers, while the image is planned. */
function warm(packers: Threads, count: number): void {
  // What fails here fails again where it is needed.
  for (let i = 0; i < count; i++) packers.run('loadHttp', undefined).catch(() => {})
}

interface ChunkOptions {
  readonly worker: URL
  readonly workers: number
  readonly fetching: Fetching
  readonly mislabelling: Set<string>
  readonly signal: AbortSignal
  readonly cache: BlockCache | false
  readonly cacheFaults: CacheFaults
  readonly verifiesCache: boolean
}

async function* chunksOf(
  image: PreparedImage,
  sizes: PackedSizes,
  { packers, encoders }: Crew,
  options: ChunkOptions,
): AsyncGenerator<FileChunk> {
  const { worker, workers, fetching, mislabelling, signal } = options
  const { plan, container, format, effort } = image
  const pieceSize = container.blockSize
  const onMislabelling = (cacheUrl: string) => mislabelling.add(cacheUrl)
  const common = { packers, pieceSize, fetched: fetching.count, onMislabelling }
  if (!container.blocks || !encoders) {
    const piecesAhead = Math.ceil(PLAIN_AHEAD / workers / pieceSize)
    const packing = { ...common, lanes: workers, slotSize: pieceSize, piecesAhead }
    return yield* assemblePlain(packImage(plan, plan.batches, packing, sizes))
  }
  const cached = await openCache(image, sizes, { packers, encoders }, options)
  // The packer may fill a piece while all the others are being encoded.
  const packing = { ...common, lanes: 1, slotSize: blockCapacity(pieceSize), piecesAhead: workers + 1 }
  const blocksAhead = workers * (1 + BLOCKS_WAITING)
  fetching.missing = plan.batches.filter(batch => !cached?.records.has(batch))
  const parts = {
    batches: plan.batches,
    pieces: packImage(plan, fetching.missing, packing, sizes),
    cached,
    // The packer may be waiting for its turn, which comes after this batch: so another one.
    repack(batch: Batch) {
      sizes.cachedNars -= narSizeOf(batch)
      fetching.missing = [...fetching.missing, batch]
      return repack(plan, batch, packing, sizes, { worker, signal })
    },
  }
  const file = assembleBlocks(parts, container.blocks, { encoders, format, effort, blocksAhead })
  yield* lookAhead(file, CHUNKS_AHEAD)
}

/** Looks the batches up, and meanwhile verifies what no packer may come to read; `undefined` where no cache is wanted. */
async function openCache(
  image: PreparedImage,
  sizes: PackedSizes,
  { packers, encoders }: { readonly packers: Threads; readonly encoders: Threads },
  { cache: given, cacheFaults, verifiesCache, workers, signal }: ChunkOptions,
): Promise<CachedBatches | undefined> {
  if (!given) return undefined
  const cache = guardCache(given, signal, fault => {
    cacheFaults.failure = fault
  })
  const onMismatch = (batch: Batch) => cacheFaults.mismatches.push(...batch.segments)
  const verifier = { cache, decoders: encoders, format: image.format, container: image.container, onMismatch }
  const verify = verifiesCache ? { batch: createBatchVerifier(verifier), atOnce: workers } : undefined
  const looking = lookUpBatches(cache, image.plan.batches, image, sizes, verify)
  const [cached] = await Promise.all([looking, verifyInspected(image, packers)])
  return cached
}

/**
 * Verifies the store paths that an image was planned by; a packer reads them only where their blocks are not in the cache.
 * What was looked up in NARs was verified by that.
 */
async function verifyInspected({ plan, inspected }: PreparedImage, packers: Threads): Promise<void> {
  const segments = plan.batches
    .flatMap(batch => batch.segments)
    .filter(({ path, contents }) => contents.type === 'files' && inspected.has(path.path))
  if (segments.length === 0) return
  const task: VerifyTask = { segments, supply: plan.supply }
  await packers.run('verify', task)
}

/** Packs a batch in a thread of its own. */
async function* repack(
  plan: ImagePlan,
  batch: Batch,
  packing: PackOptions,
  sizes: PackedSizes,
  { worker, signal }: Pick<ChunkOptions, 'worker' | 'signal'>,
): AsyncGenerator<Piece> {
  const packers = startThreads(worker, 1, signal)
  try {
    yield* packBatches(plan, [batch], { ...packing, packers }, sizes)
  } finally {
    await packers.stop()
  }
}

/** Passes chunks on, tells of progress, and turns whatever an abort broke into the reason of the abort. */
async function* guard(
  chunks: AsyncIterable<FileChunk>,
  progress: ProgressTeller | undefined,
  ending: AbortController,
): AsyncGenerator<FileChunk> {
  const { signal } = ending
  const tick = () => {
    try {
      progress?.onTick?.()
    } catch (error) {
      // Thrown from a timer, it would end the process.
      ending.abort(error)
    }
  }
  const ticking = progress?.onTick && setInterval(tick, TICK)
  const stopTicking = () => clearInterval(ticking)
  // Nobody may ever read on after an abort.
  signal.addEventListener('abort', stopTicking)
  try {
    for await (const chunk of chunks) {
      signal.throwIfAborted()
      yield chunk
      if (chunk.block) progress?.onBlock(chunk.block)
    }
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    stopTicking()
    signal.removeEventListener('abort', stopTicking)
  }
}
