import { createRing, openConsumer, type RingConsumer, type RingMemory, type Threads } from '../pool/index.ts'
import { type Outcome, resultOf } from './failure.ts'
import type { Batch, ImagePlan, StoreSegment } from './plan.ts'
import { packTree } from './tree-packer.ts'
import type { PackResult, PackTask } from './worker.ts'

/** A run of tar bytes. Its memory is the receiver's until `release`, which must be called in the order of the pieces. */
export interface Piece {
  readonly bytes: Uint8Array
  /** The segment that the last of the bytes belong to; `undefined` for entries that are no store path. */
  readonly segment: StoreSegment | undefined
  release(): void
}

/** What to pack with. */
export interface PackOptions {
  readonly packers: Threads
  /** How many batches are packed at a time. */
  readonly lanes: number
  readonly pieceSize: number
  /** Pieces each lane may be ahead of the receiver. */
  readonly piecesAhead: number
  readonly signal: AbortSignal
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
  yield* cutPieces(head, options.pieceSize)
  for await (const piece of packBatches(plan.batches, options, sizes.segments)) {
    sizes.tar += piece.bytes.length
    yield piece
  }
  const tail = packTree(plan.tail, { offset: sizes.tar })
  sizes.tar += tail.length
  yield* cutPieces(tail, options.pieceSize)
}

function* cutPieces(bytes: Uint8Array, size: number): Generator<Piece> {
  for (let at = 0; at < bytes.length; at += size) {
    yield { bytes: bytes.subarray(at, at + size), segment: undefined, release() {} }
  }
}

/** A ring, and the batches that pass through it one after the other. */
interface Lane {
  readonly memory: RingMemory
  readonly ring: RingConsumer
}

/** A batch on its way: whose ring its pieces come through, and what the job came to. */
interface Running {
  readonly lane: Lane
  readonly done: Promise<PackResult>
}

async function* packBatches(
  batches: readonly Batch[],
  options: PackOptions,
  segments: Map<string, number>,
): AsyncGenerator<Piece> {
  const running: Running[] = []
  const startNext = (lane: Lane) => {
    const batch = batches[running.length]
    if (!batch) return
    const done = startPacking(batch, lane, options, () => startNext(lane))
    // It may fail while an earlier batch is being received; that is no unhandled rejection, its turn comes.
    done.catch(() => {})
    running.push({ lane, done })
  }
  for (let i = 0; i < Math.min(options.lanes, batches.length); i++) startNext(createLane(options))
  for (const [i, { segments: members }] of batches.entries()) {
    // Batches start in order, each when one before it is packed: this one at the latest with the one before it.
    const { lane, done } = running[i]!
    for (let last = false; !last; ) {
      const piece = await lane.ring.take()
      if (!piece) break
      last = piece.mark < 0
      const segment = members[last ? ~piece.mark : piece.mark]
      yield { bytes: piece.bytes, segment, release: lane.ring.release }
    }
    for (const [j, size] of (await done).entries()) segments.set(members[j]!.path.path, size)
  }
}

async function startPacking(batch: Batch, lane: Lane, { packers, signal }: PackOptions, then: () => void) {
  try {
    const task: PackTask = { batch, ring: lane.memory }
    const sizes = resultOf(await packers.run<Outcome<PackResult>>('pack', task, signal))
    then()
    return sizes
  } catch (error) {
    // Whoever waits for a piece of this batch learns that none will come, and looks here for the reason.
    lane.ring.close()
    throw error
  }
}

function createLane({ pieceSize, piecesAhead }: PackOptions): Lane {
  const memory = createRing(pieceSize, piecesAhead)
  return { memory, ring: openConsumer(memory) }
}
