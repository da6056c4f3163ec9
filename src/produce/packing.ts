import type { Batch, ImagePlan, StoreSegment } from '../plan/index.ts'
import { createClaims, createRing, openClaims, openConsumer, type RingConsumer, type Threads } from '../pool/index.ts'
import { packTree } from './tree-packer.ts'
import type { PackReport, PackTask } from './worker.ts'

/** Where in an image a piece lies: in a batch, or among the entries in front of all batches or behind them. */
export type PiecePlace = Batch | 'head' | 'tail'

/** A run of tar bytes, the first `length` of `slot`. The slot is the receiver's until `release`. */
export interface Piece {
  readonly slot: Uint8Array<SharedArrayBuffer>
  readonly length: number
  readonly place: PiecePlace
  /** The store path that the last of the bytes belong to, if it is of a batch. */
  readonly segment: StoreSegment | undefined
  /** Whether its place ends with it. */
  readonly last: boolean
  release(): void
}

/** What to pack with. */
export interface PackOptions {
  readonly packers: Threads
  /** How many of them pack at a time, each a batch through a ring of its own. */
  readonly lanes: number
  readonly pieceSize: number
  /** Bytes of a slot: it may have room for more than the piece. */
  readonly slotSize: number
  /** Pieces each lane may be ahead of the receiver. */
  readonly piecesAhead: number
  /** Where bytes that were read from NAR files are counted: one 64-bit number. */
  readonly fetched: SharedArrayBuffer
  /** Called for caches that state wrong hashes or sizes of their files, perhaps more than once. */
  readonly onMislabelling: (cacheUrl: string) => void
}

/** Sizes in bytes of tar, known once everything is packed. */
export interface PackedSizes {
  /** Of the entries in front of the store paths. */
  head: number
  /** Of each segment, in the order of the image. */
  readonly segments: Float64Array<SharedArrayBuffer>
  /** Of the whole tar. */
  tar: number
  /** Bytes of NAR, not of tar, of the segments whose blocks come from a cache. */
  cachedNars: number
}

/** Sizes to be filled in. */
export function createSizes({ batches }: ImagePlan): PackedSizes {
  const count = batches.reduce((sum, { segments }) => sum + segments.length, 0)
  const bytes = new SharedArrayBuffer(count * Float64Array.BYTES_PER_ELEMENT)
  return { head: 0, segments: new Float64Array(bytes), tar: 0, cachedNars: 0 }
}

/**
 * Packs an image in pieces of at most `pieceSize`: what is in front of the batches, then `batches` as they are given, then what is
 * behind. Of other batches, the sizes of their segments have to be in `sizes`. Fills in the others.
 */
export async function* packImage(
  plan: ImagePlan,
  batches: readonly Batch[],
  options: PackOptions,
  sizes: PackedSizes,
): AsyncGenerator<Piece> {
  const head = packTree(plan.head)
  sizes.head = head.length
  yield* cutPieces(head, 'head', options)
  yield* packBatches(plan, batches, options, sizes)
  const offset = sizes.segments.reduce((sum, size) => sum + size, head.length)
  const tail = packTree(plan.tail, { offset })
  sizes.tar = offset + tail.length
  yield* cutPieces(tail, 'tail', options)
}

function* cutPieces(bytes: Uint8Array, place: 'head' | 'tail', { pieceSize, slotSize }: PackOptions): Generator<Piece> {
  for (let at = 0; at < bytes.length; at += pieceSize) {
    const part = bytes.subarray(at, at + pieceSize)
    const slot = new Uint8Array(new SharedArrayBuffer(slotSize))
    slot.set(part)
    const last = at + pieceSize >= bytes.length
    yield { slot, length: part.length, place, segment: undefined, last, release() {} }
  }
}

/** Packs batches as they are given. Fills in the sizes of their segments. */
export async function* packBatches(
  { supply }: ImagePlan,
  batches: readonly Batch[],
  options: PackOptions,
  { segments: tarSizes }: PackedSizes,
): AsyncGenerator<Piece> {
  const memory = createClaims(batches.length)
  const claims = openClaims(memory)
  const lanes = Array.from({ length: Math.min(options.lanes, batches.length) }, (_, lane) => {
    const ring = createRing(options.slotSize, options.piecesAhead)
    const task: PackTask = {
      batches,
      claims: memory,
      lane,
      ring,
      pieceSize: options.pieceSize,
      supply,
      fetched: options.fetched,
      tarSizes: tarSizes.buffer,
    }
    return { ring: openConsumer(ring), done: runPacking(task, options) }
  })
  const packed = Promise.all(lanes.map(lane => lane.done))
  packed.catch(() => {
    // Readers that wait for a piece learn that none will come, and find the reason below.
    claims.close()
    for (const lane of lanes) lane.ring.close()
  })
  for (const [i, batch] of batches.entries()) {
    const lane = await claims.ownerOf(i)
    if (lane === undefined) break
    if (!(yield* receiveBatch(batch, lanes[lane].ring))) break
  }
  await packed
}

async function runPacking(task: PackTask, { packers, onMislabelling }: PackOptions): Promise<void> {
  const { mislabelling } = await packers.run<PackReport>('pack', task)
  mislabelling.forEach(onMislabelling)
}

/** Receives the pieces of a batch, and returns whether all of them came. */
async function* receiveBatch(batch: Batch, ring: RingConsumer): AsyncGenerator<Piece, boolean> {
  for (;;) {
    const piece = await ring.take()
    if (!piece) return false
    const last = piece.mark < 0
    const segment = batch.segments[last ? ~piece.mark : piece.mark]
    yield { slot: piece.slot, length: piece.length, place: batch, segment, last, release: piece.release }
    if (last) return true
  }
}
