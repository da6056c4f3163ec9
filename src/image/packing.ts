import { createClaims, createRing, openClaims, openConsumer, type RingConsumer, type Threads } from '../pool/index.ts'
import { type Outcome, resultOf } from './failure.ts'
import type { Batch, ImagePlan, StoreSegment } from './plan.ts'
import { packTree } from './tree-packer.ts'
import type { PackResult, PackTask } from './worker.ts'

/** A run of tar bytes, the first `length` of `slot`. The slot is the receiver's until `release`, to be called in the order of the pieces. */
export interface Piece {
  readonly slot: Uint8Array<SharedArrayBuffer>
  readonly length: number
  /** The segment that the last of the bytes belong to; `undefined` for entries that are no store path. */
  readonly segment: StoreSegment | undefined
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
  readonly signal: AbortSignal
  /** Where bytes that were read from NAR files are counted: one 64-bit number. */
  readonly fetched: SharedArrayBuffer
}

/** Sizes in bytes of tar, known once everything is packed. */
export interface PackedSizes {
  /** Of the entries in front of the store paths. */
  head: number
  /** Of each segment, by store path. */
  readonly segments: Map<string, number>
  /** Of the whole tar. */
  tar: number
}

/** Sizes to be filled in. */
export function createSizes(): PackedSizes {
  return { head: 0, segments: new Map(), tar: 0 }
}

/** Packs an image: its tar from the first byte to the last, in pieces of at most `pieceSize`. Fills in `sizes`. */
export async function* packImage(plan: ImagePlan, options: PackOptions, sizes: PackedSizes): AsyncGenerator<Piece> {
  const head = packTree(plan.head)
  sizes.head = head.length
  sizes.tar = head.length
  yield* cutPieces(head, options)
  for await (const piece of packBatches(plan, options, sizes.segments)) {
    sizes.tar += piece.length
    yield piece
  }
  const tail = packTree(plan.tail, { offset: sizes.tar })
  sizes.tar += tail.length
  yield* cutPieces(tail, options)
}

function* cutPieces(bytes: Uint8Array, { pieceSize, slotSize }: PackOptions): Generator<Piece> {
  for (let at = 0; at < bytes.length; at += pieceSize) {
    const part = bytes.subarray(at, at + pieceSize)
    const slot = new Uint8Array(new SharedArrayBuffer(slotSize))
    slot.set(part)
    yield { slot, length: part.length, segment: undefined, release() {} }
  }
}

async function* packBatches(
  { batches, supply }: ImagePlan,
  options: PackOptions,
  segments: Map<string, number>,
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
    }
    return { ring: openConsumer(ring), done: runPacking(task, options) }
  })
  const packed = Promise.all(lanes.map(lane => lane.done))
  packed.catch(() => {
    // Whoever waits for a piece learns that none will come, and finds the reason below.
    claims.close()
    for (const lane of lanes) lane.ring.close()
  })
  for (const [i, batch] of batches.entries()) {
    const lane = await claims.ownerOf(i)
    if (lane === undefined) break
    if (!(yield* receiveBatch(batch, lanes[lane].ring))) break
  }
  for (const [path, size] of (await packed).flat()) segments.set(path, size)
}

async function runPacking(task: PackTask, { packers, signal }: PackOptions): Promise<PackResult> {
  return resultOf(await packers.run<Outcome<PackResult>>('pack', task, signal))
}

/** Receives the pieces of a batch, and returns whether all of them came. */
async function* receiveBatch({ segments }: Batch, ring: RingConsumer): AsyncGenerator<Piece, boolean> {
  for (;;) {
    const piece = await ring.take()
    if (!piece) return false
    const last = piece.mark < 0
    const segment = segments[last ? ~piece.mark : piece.mark]
    yield { slot: piece.slot, length: piece.length, segment, release: ring.release }
    if (last) return true
  }
}
