import { createHash } from 'node:crypto'
import { digestOfBlock } from '../block-cache/index.ts'
import type { ImageCompression } from '../compression.ts'
import type { BlockFormat, BlockRecord } from '../container/index.ts'
import type { Batch, StoreSegment } from '../plan/index.ts'
import type { Threads } from '../pool/index.ts'
import type { CachedBatches } from './cached-batches.ts'
import type { Piece, PieceOrigin } from './packing.ts'
import type { EncodeTask, SlotBlock } from './worker.ts'

/** A run of bytes of the image file. They are the receiver's until it asks for the next. */
export interface FileChunk {
  readonly bytes: Uint8Array
  /** Set with the last chunk of a block. */
  readonly block?: FinishedBlock
  /** Set with the last chunk of a run that is in no block: a header, an index. */
  readonly framing?: FileRun
}

/** A run of bytes that is in the file. */
export interface FileRun {
  readonly size: number
  /** Lower-case base 16. */
  readonly sha256: string
}

/** A block that is in the file. */
export interface FinishedBlock {
  /** The store path that it ends in; `undefined` for entries that are none. */
  readonly segment: StoreSegment | undefined
  /** Bytes in the file. */
  readonly size: number
  /** Bytes of tar. */
  readonly uncompressedSize: number
  /** SHA-256 of the bytes in the file, lower-case base 16; absent in a plain tar, where nobody else needs it. */
  readonly sha256?: string
}

/** What to encode with. */
export interface EncodeOptions {
  readonly encoders: Threads
  readonly compression: ImageCompression
  /** Blocks under way at a time, in the encoders and behind them, waiting for an earlier one. */
  readonly blocksAhead: number
}

/** The parts of an image whose blocks may be in a cache. */
export interface Parts {
  /** All batches of the image. */
  readonly batches: readonly Batch[]
  /** What is in no cache, in the order of the image. */
  readonly pieces: AsyncIterable<Piece>
  readonly cached: CachedBatches | undefined
  /** Packs a batch whose cached blocks turned out to be lost. */
  repack(batch: Batch): AsyncIterable<Piece>
}

/** The file of an image whose pieces stay as they are. */
export async function* assemblePlain(pieces: AsyncIterable<Piece>): AsyncGenerator<FileChunk> {
  for await (const piece of pieces) {
    const { slot, length } = piece
    const block = { segment: originOf(piece)?.segment, size: length, uncompressedSize: length }
    yield { bytes: slot.subarray(0, length), block }
    piece.release()
  }
}

/** The batch that a piece is of, if it is of one. */
function originOf({ of }: Piece): PieceOrigin | undefined {
  return typeof of === 'object' ? of : undefined
}

/** The file of an image whose pieces are encoded, in parallel, into the blocks of a container. */
export async function* assembleBlocks(
  parts: Parts,
  blocks: BlockFormat,
  options: EncodeOptions,
): AsyncGenerator<FileChunk> {
  const assembler = blocks.createAssembler()
  const head = assembler.begin()
  if (head.length > 0) yield framingOf(head)
  for await (const { bytes, record, sha256, segment } of blocksInOrder(parts, options)) {
    assembler.add(record)
    yield { bytes, block: { segment, size: bytes.length, uncompressedSize: record.uncompressedSize, sha256 } }
  }
  const tail = assembler.end()
  if (tail.length > 0) yield framingOf(tail)
}

function framingOf(bytes: Uint8Array): FileChunk {
  return { bytes, framing: { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') } }
}

/** A block as it goes into the file. */
interface ReadyBlock extends MadeBlock {
  readonly segment: StoreSegment | undefined
}

/** A block that is being made, or a batch whose blocks are in a cache. */
type Pending =
  | { readonly origin: PieceOrigin | undefined; readonly block: Promise<MadeBlock> }
  | { readonly batch: Batch }

/** Starts encoders ahead of their turn, and hands out what is ready in the order of the image. */
async function* blocksInOrder(parts: Parts, options: EncodeOptions): AsyncGenerator<ReadyBlock> {
  const queue: Pending[] = []
  let making = 0
  async function* next(): AsyncGenerator<ReadyBlock> {
    const pending = queue.shift()!
    if ('batch' in pending) return yield* cachedBlocks(pending.batch, parts, options)
    making--
    yield await finish(pending.origin, await pending.block, parts.cached)
  }
  for await (const part of mergeCached(parts)) {
    if ('batch' in part) queue.push(part)
    else {
      const block = makeBlock(part, options)
      // It may fail while an earlier one is waited for; that is no unhandled rejection, its turn comes.
      block.catch(() => {})
      queue.push({ origin: originOf(part), block })
      making++
    }
    while (making >= options.blocksAhead) yield* next()
  }
  while (queue.length > 0) yield* next()
}

interface MadeBlock {
  readonly bytes: Uint8Array
  readonly record: BlockRecord
  /** SHA-256 of the bytes, lower-case base 16. */
  readonly sha256: string
}

/** Has a piece encoded. The block leaves its slot, so the packer can fill that while the block waits for its turn. */
async function makeBlock(
  { slot, length, release }: Piece,
  { encoders, compression }: EncodeOptions,
): Promise<MadeBlock> {
  const memory = { memory: slot.buffer, offset: slot.byteOffset, size: slot.length }
  const task: EncodeTask = { slot: memory, length, compression }
  try {
    const { size, sha256, ...record } = await encoders.run<SlotBlock>('encode', task)
    return { bytes: slot.slice(0, size), record, sha256 }
  } finally {
    release()
  }
}

/** Keeps a block in the cache. */
async function finish(
  origin: PieceOrigin | undefined,
  made: MadeBlock,
  cached: CachedBatches | undefined,
): Promise<ReadyBlock> {
  if (cached && origin) {
    const { bytes, record, sha256 } = made
    await cached.add(origin.batch, bytes, { ...record, sha256 })
    if (origin.last) await cached.complete(origin.batch)
  }
  return { ...made, segment: origin?.segment }
}

/** The pieces, with the batches that are in the cache in between. */
async function* mergeCached({ batches, pieces, cached }: Parts): AsyncGenerator<Piece | { batch: Batch }> {
  let at = 0
  function* cachedUpTo(batch: Batch | undefined) {
    for (; at < batches.length && batches[at] !== batch; at++) {
      if (cached?.records.has(batches[at])) yield { batch: batches[at] }
    }
  }
  for await (const piece of pieces) {
    const origin = originOf(piece)
    if (piece.of !== 'head') yield* cachedUpTo(origin?.batch)
    yield piece
    if (origin?.last) at++
  }
  yield* cachedUpTo(undefined)
}

/** The blocks of a batch from the cache; from the first that was lost on, made anew. */
async function* cachedBlocks(batch: Batch, parts: Parts, options: EncodeOptions): AsyncGenerator<ReadyBlock> {
  const segment = batch.segments.at(-1)
  const { blocks } = parts.cached!.records.get(batch)!
  for (const [i, block] of blocks.entries()) {
    const bytes = await parts.cached!.get(block)
    if (bytes) {
      yield { bytes, record: block, sha256: digestOfBlock(block), segment }
      continue
    }
    let number = 0
    for await (const made of blocksInOrder({ ...parts, batches: [batch], pieces: parts.repack(batch) }, options)) {
      if (number++ >= i) yield made
    }
    return
  }
}
