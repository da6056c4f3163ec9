import type { BlockFormat, ImageFormat } from '../container/index.ts'
import type { Threads } from '../pool/index.ts'
import { type Outcome, resultOf } from './failure.ts'
import type { Piece } from './packing.ts'
import type { EncodeTask, SlotBlock } from './worker.ts'

/** A run of bytes of the image file. They are the receiver's until it asks for the next. */
export interface FileChunk {
  readonly bytes: Uint8Array
  /** Set with the last chunk of a block. */
  readonly block?: FinishedBlock
}

/** A block that is in the file. */
export interface FinishedBlock {
  /** The piece of the tar that it holds. */
  readonly piece: Piece
  /** Bytes in the file. */
  readonly size: number
  /** Bytes of tar. */
  readonly uncompressedSize: number
}

/** What to encode with. */
export interface EncodeOptions {
  readonly encoders: Threads
  readonly format: ImageFormat
  readonly level: number
  /** Blocks under way at a time, in the encoders and behind them. */
  readonly blocksAhead: number
  readonly signal: AbortSignal
}

/** The file of an image whose pieces stay as they are. */
export async function* assemblePlain(pieces: AsyncIterable<Piece>): AsyncGenerator<FileChunk> {
  for await (const piece of pieces) {
    const size = piece.length
    yield { bytes: piece.slot.subarray(0, size), block: { piece, size, uncompressedSize: size } }
    piece.release()
  }
}

/** The file of an image whose pieces are encoded, in parallel, into the blocks of a container. */
export async function* assembleBlocks(
  pieces: AsyncIterable<Piece>,
  blocks: BlockFormat,
  options: EncodeOptions,
): AsyncGenerator<FileChunk> {
  const assembler = blocks.createAssembler()
  const head = assembler.begin()
  if (head.length > 0) yield { bytes: head }
  for await (const [piece, block] of encodeInOrder(pieces, options)) {
    assembler.add(block)
    const { size, uncompressedSize } = block
    yield { bytes: piece.slot.subarray(0, size), block: { piece, size, uncompressedSize } }
    piece.release()
  }
  const tail = assembler.end()
  if (tail.length > 0) yield { bytes: tail }
}

async function* encodeInOrder(
  pieces: AsyncIterable<Piece>,
  { encoders, format, level, blocksAhead, signal }: EncodeOptions,
): AsyncGenerator<[Piece, SlotBlock]> {
  const queue: { piece: Piece; block: Promise<Outcome<SlotBlock>> }[] = []
  const first = async (): Promise<[Piece, SlotBlock]> => {
    const { piece, block } = queue.shift()!
    return [piece, resultOf(await block)]
  }
  for await (const piece of pieces) {
    const task: EncodeTask = { slot: piece.slot, length: piece.length, format, level }
    const block = encoders.run<Outcome<SlotBlock>>('encode', task, signal)
    // It may fail while an earlier one is waited for; that is no unhandled rejection, its turn comes.
    block.catch(() => {})
    queue.push({ piece, block })
    if (queue.length >= blocksAhead) yield await first()
  }
  while (queue.length > 0) yield await first()
}
