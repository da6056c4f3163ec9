import { type BlockCache, guardCache } from '../block-cache/index.ts'
import { blockCapacity } from '../container/index.ts'
import { type Batch, type ImagePlan, narSizeOf, type PreparedImage } from '../plan/index.ts'
import type { Threads } from '../pool/index.ts'
import type { Warning } from '../warning.ts'
import { assembleBlocks, assemblePlain, type FileChunk } from './assembling.ts'
import type { BuildThreads } from './build-threads.ts'
import { type CacheFaults, cacheWarnings } from './cache-faults.ts'
import { type CachedBatches, lookUpBatches } from './cached-batches.ts'
import { lookAhead } from './look-ahead.ts'
import { createMemoryPool, type MemoryPool } from './memory-pool.ts'
import { createSizes, type PackedSizes, type PackOptions, type Piece, packBatches, packImage } from './packing.ts'
import { createProgress, type Fetching, type Progress } from './progress.ts'
import { createBatchVerifier } from './verify-batch.ts'
import { withProgress } from './with-progress.ts'
import type { VerifyTask } from './worker.ts'

/** How to produce; none of it reaches the bytes of an image. */
export interface ProduceOptions {
  /** Where compressed blocks are kept; `false` for nowhere. */
  readonly cache: BlockCache | false
  /** Whether what comes from the cache is verified against its NAR hashes again. */
  readonly verifyCache: boolean
  /** Called at once, and whenever a block is in the image. It must not throw. */
  readonly onProgress: (progress: Progress) => void
  /** Aborting it ends the whole build, whether or not its bytes are read. */
  readonly ending: AbortController
}

/**
 * Bytes of plain tar that all threads together may be ahead. One of them may be busy for long with a store path of many small
 * entries; the others have to wait for it once this memory is full.
 */
const PLAIN_AHEAD = 128 * 1024 * 1024

/**
 * Encoded blocks that wait for their turn, for each thread that encodes: two blocks of equal size can differ threefold in encoding
 * time. The last batches with so many blocks are made by their sizes, so that no thread works alone at the end. By the times of the
 * blocks of two closures, 16 threads are then busy for 94 % of the time instead of 76 % (83 blocks), and for 98 % instead of 85 %
 * (152 blocks). The memory of waiting blocks is that of the compressed bytes.
 */
const BLOCKS_WAITING = 4

/** Blocks of the file that are ready, or read from the cache, while those before them are written. */
const CHUNKS_AHEAD = 2

/** The bytes of an image on their way. */
export interface Production {
  /** The file of the image from its first byte to its last; to be read once. */
  readonly chunks: AsyncIterable<FileChunk>
  /** Filled in as the chunks come. */
  readonly sizes: PackedSizes
  /** Bytes of NAR that were verified against their hashes: once all chunks have come, all except those of trusted blocks. */
  readonly verifiedNarSize: number
  /** Faults of the caches in the chunks so far. */
  readonly warnings: readonly Warning[]
}

/** Produces the bytes of an image that was planned. */
export function produce(
  image: PreparedImage,
  threads: BuildThreads,
  { cache, verifyCache, onProgress, ending }: ProduceOptions,
): Production {
  const sizes = createSizes(image.plan)
  const count = new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT)
  const fetching = { count, missing: [...image.plan.batches] }
  const faults: CacheFaults = { mislabelling: new Set(), mismatches: [] }
  const all = chunksOf(image, sizes, threads, { fetching, faults, cache, verifyCache, signal: ending.signal })
  const progress = createProgress(image.plan, fetching, onProgress)
  return {
    chunks: withProgress(all, progress, ending.signal),
    sizes,
    get verifiedNarSize() {
      return verifyCache ? image.plan.narSize : image.plan.narSize - sizes.cachedNars
    },
    get warnings() {
      return cacheWarnings(faults)
    },
  }
}

interface ChunkOptions extends Pick<ProduceOptions, 'cache' | 'verifyCache'> {
  readonly fetching: Fetching
  readonly faults: CacheFaults
  readonly signal: AbortSignal
}

async function* chunksOf(
  image: PreparedImage,
  sizes: PackedSizes,
  threads: BuildThreads,
  options: ChunkOptions,
): AsyncGenerator<FileChunk> {
  const { packers, encoders, workers } = threads
  const { fetching, faults } = options
  const { plan, container, compression } = image
  const pieceSize = container.blockSize
  const onMislabelling = (cacheUrl: string) => faults.mislabelling.add(cacheUrl)
  const common = { packers, pieceSize, fetched: fetching.count, onMislabelling }
  if (!container.blocks || !encoders) {
    const piecesAhead = Math.ceil(PLAIN_AHEAD / threads.packing / pieceSize)
    const packing = { ...common, lanes: threads.packing, slotSize: pieceSize, piecesAhead }
    return yield* assemblePlain(packImage(plan, plan.batches, packing, sizes))
  }
  const memory = createMemoryPool()
  const cached = await openCache(image, sizes, { encoders, workers, memory }, options)
  // The packer may fill a piece while all the others are being encoded.
  const packing = { ...common, lanes: 1, slotSize: blockCapacity(pieceSize), piecesAhead: workers + 1 }
  const blocksWaiting = workers * BLOCKS_WAITING
  const missing = plan.batches.filter(batch => !cached?.records.has(batch))
  fetching.missing = [...missing]
  encoders.expect(countBlocks(missing, pieceSize))
  const parts = {
    batches: plan.batches,
    // One thread takes as long in any order.
    pieces: packImage(plan, largestFirst(missing, pieceSize, workers > 1 ? blocksWaiting : 0), packing, sizes),
    cached,
    // The packer may be waiting for its turn, which comes after this batch: so another one.
    repack(batch: Batch) {
      sizes.cachedNars -= narSizeOf(batch)
      fetching.missing.push(batch)
      return repack(plan, batch, packing, sizes, threads)
    },
  }
  // Where nothing is to be read, the packer is idle, and encodes the entries around the batches: no other thread starts.
  const encoding = {
    encoders: missing.length === 0 ? packers : encoders,
    compression,
    blocksAhead: workers + blocksWaiting,
  }
  const file = verifyMeanwhile(assembleBlocks(parts, container.blocks, encoding), async () => {
    if (cached) await verifyInspected(image, [...cached.records.keys()], packers)
  })
  for await (const chunk of lookAhead(file, CHUNKS_AHEAD)) {
    yield chunk
    memory.giveBack(chunk.bytes)
  }
}

/** Estimates how many blocks batches have, by the sizes of their NARs: those of their tars are not known yet. */
function countBlocks(batches: readonly Batch[], pieceSize: number): number {
  return batches.reduce((sum, batch) => sum + Math.ceil(narSizeOf(batch) / pieceSize), 0)
}

/** Batches, of which the last ones, with up to `blocks` blocks together, come by their sizes: the largest first. */
function largestFirst(batches: readonly Batch[], pieceSize: number, blocks: number): Batch[] {
  let end = batches.length
  for (let count = 0; end > 0; end--) {
    count += countBlocks([batches[end - 1]], pieceSize)
    if (count > blocks) break
  }
  return [...batches.slice(0, end), ...batches.slice(end).sort((a, b) => narSizeOf(b) - narSizeOf(a))]
}

/**
 * Verifies something after the first block has come, so that this one is not delayed. The last chunk comes only once all is
 * verified: until then, the file is not complete.
 */
async function* verifyMeanwhile(
  chunks: AsyncIterable<FileChunk>,
  verify: () => Promise<void>,
): AsyncGenerator<FileChunk> {
  let verified: Promise<void> | undefined
  let isRefuted = false
  let last: FileChunk | undefined
  for await (const chunk of chunks) {
    if (isRefuted) break
    if (last) yield last
    last = chunk
    if (verified || !chunk.block) continue
    verified = verify()
    verified.catch(() => {
      isRefuted = true
    })
  }
  await verified
  if (last) yield last
}

/** Looks the batches up; `undefined` where no cache is wanted. */
async function openCache(
  image: PreparedImage,
  sizes: PackedSizes,
  { encoders, workers, memory }: { readonly encoders: Threads; readonly workers: number; readonly memory: MemoryPool },
  { cache: given, faults, verifyCache, signal }: ChunkOptions,
): Promise<CachedBatches | undefined> {
  if (!given) return undefined
  const cache = guardCache(given, signal, {
    onFault(fault) {
      faults.failure = fault
    },
    onRefusal(reason) {
      faults.refusal = reason
    },
  })
  const onMismatch = (batch: Batch) => faults.mismatches.push(...batch.segments)
  const { compression, container } = image
  const verifier = { cache, decoders: encoders, compression, container, onMismatch }
  const verify = verifyCache ? { batch: createBatchVerifier(verifier), atOnce: workers } : undefined
  return lookUpBatches(cache, image.plan.batches, image, { sizes, room: memory.take, verify })
}

/**
 * Verifies the store paths of `batches` that an image was planned by: their blocks come from the cache, so no packer reads them.
 * What was looked up in NARs was verified by that.
 */
async function verifyInspected(
  { plan, inspected }: PreparedImage,
  batches: readonly Batch[],
  packers: Threads,
): Promise<void> {
  const segments = batches
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
  threads: BuildThreads,
): AsyncGenerator<Piece> {
  const packers = threads.startPacker()
  try {
    yield* packBatches(plan, [batch], { ...packing, packers }, sizes)
  } finally {
    await packers.stop()
  }
}
