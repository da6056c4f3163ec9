import { digestOfBlock } from '../block-cache/index.ts'
import type { BlockFormat } from '../container/index.ts'
import type { Batch, StoreSegment } from '../plan/index.ts'
import { sha256Hex } from '../sha256.ts'
import { type BlockMaking, type EncodeOptions, type MadeBlock, startBlocks } from './block-making.ts'
import type { CachedBatches } from './cached-batches.ts'
import type { Piece } from './packing.ts'

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
  /** The store path that it ends in; `undefined` for entries outside of store paths. */
  readonly segment: StoreSegment | undefined
  /** Bytes in the file. */
  readonly size: number
  /** Bytes of tar. */
  readonly uncompressedSize: number
  /** SHA-256 of the bytes in the file, lower-case base 16; absent in a plain tar, where nobody else needs it. */
  readonly sha256?: string
}

/** The parts of an image whose blocks may be in a cache. */
export interface Parts {
  /** All batches of the image. */
  readonly batches: readonly Batch[]
  /** What is in no cache. */
  readonly pieces: AsyncIterable<Piece>
  readonly cached: CachedBatches | undefined
  /** Packs a batch whose cached blocks turned out to be lost. */
  repack(batch: Batch): AsyncIterable<Piece>
}

/** The file of an image whose pieces stay as they are. */
export async function* assemblePlain(pieces: AsyncIterable<Piece>): AsyncGenerator<FileChunk> {
  for await (const piece of pieces) {
    const { slot, length } = piece
    const block = { segment: piece.segment, size: length, uncompressedSize: length }
    yield { bytes: slot.subarray(0, length), block }
    piece.release()
  }
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
  return { bytes, framing: { size: bytes.length, sha256: sha256Hex(bytes) } }
}

/** The blocks in the order of the image. */
async function* blocksInOrder(parts: Parts, options: EncodeOptions): AsyncGenerator<MadeBlock> {
  const { batches, pieces, cached } = parts
  const making = startBlocks(pieces, options)
  try {
    yield* making.blocksOf('head')
    for (const batch of batches) {
      if (!cached?.records.has(batch)) yield* madeBlocks(batch, making, cached)
      else {
        for await (const block of cachedBlocks(batch, parts, options)) {
          making.check()
          yield block
        }
      }
    }
    yield* making.blocksOf('tail')
  } finally {
    making.stop()
  }
}

/** The blocks of a batch as they are made. They are kept in the cache. */
async function* madeBlocks(
  batch: Batch,
  making: BlockMaking,
  cached: CachedBatches | undefined,
): AsyncGenerator<MadeBlock> {
  for await (const block of making.blocksOf(batch)) {
    await cached?.add(batch, block.bytes, { ...block.record, sha256: block.sha256 })
    yield block
  }
  await cached?.complete(batch)
}

/** The blocks of a batch from the cache; from the first that was lost on, made anew. */
async function* cachedBlocks(batch: Batch, parts: Parts, options: EncodeOptions): AsyncGenerator<MadeBlock> {
  const segment = batch.segments.at(-1)
  const { records, get } = parts.cached!
  for (const [i, block] of records.get(batch)!.blocks.entries()) {
    const bytes = await get(block)
    if (!bytes) return yield* remadeBlocks(batch, i, parts, options)
    yield { bytes, record: block, sha256: digestOfBlock(block), segment }
  }
}

/** The blocks of a batch from the one numbered `from` on, with all of them made anew. */
async function* remadeBlocks(
  batch: Batch,
  from: number,
  { repack, cached }: Parts,
  options: EncodeOptions,
): AsyncGenerator<MadeBlock> {
  const making = startBlocks(repack(batch), options)
  try {
    let number = 0
    for await (const block of madeBlocks(batch, making, cached)) if (number++ >= from) yield block
    await making.ended
    making.check()
  } finally {
    making.stop()
  }
}
