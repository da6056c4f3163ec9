import type { ImageCompression } from '../compression.ts'
import type { BlockRecord } from '../container/index.ts'
import type { StoreSegment } from '../plan/index.ts'
import type { Threads } from '../pool/index.ts'
import { createStateChange } from '../state-change.ts'
import type { Piece, PiecePlace } from './packing.ts'
import type { EncodeTask, SlotBlock } from './worker.ts'

/** What to encode with. */
export interface EncodeOptions {
  readonly encoders: Threads
  readonly compression: ImageCompression
  /** Blocks under way at a time, in the encoders and behind them, waiting for their turn. */
  readonly blocksAhead: number
}

/** An encoded block. */
export interface MadeBlock {
  readonly bytes: Uint8Array
  readonly record: BlockRecord
  /** SHA-256 of the bytes, lower-case base 16. */
  readonly sha256: string
  /** The store path that it ends in, if it ends in one. */
  readonly segment: StoreSegment | undefined
}

/** Blocks that are being made, from pieces in any order. */
export interface BlockMaking {
  /**
   * The blocks of a place, as soon as they are made. To be asked for one place after the other. Throws what the pieces or the
   * encoders throw.
   */
  blocksOf(place: PiecePlace): AsyncGenerator<MadeBlock>
  /** Throws what the pieces have thrown so far, if anything. */
  check(): void
  /** Takes no more pieces. */
  stop(): void
  /** Resolves when no more pieces are taken, and nothing of what packs them is left. */
  readonly ended: Promise<void>
}

/** A block that is with an encoder, or waits for one. */
interface Begun {
  readonly block: Promise<MadeBlock>
  readonly last: boolean
}

/**
 * Takes pieces as they come and has them encoded, `blocksAhead` at a time. While a block is wanted whose piece has not come, it takes
 * more than that: otherwise all would wait for ever.
 */
export function startBlocks(pieces: AsyncIterable<Piece>, options: EncodeOptions): BlockMaking {
  const begun = new Map<PiecePlace, Begun[]>()
  let count = 0
  let wanted: Begun[] | undefined
  let isStopped = false
  let failure: { readonly error: unknown } | undefined
  const { tell, until } = createStateChange()
  const check = () => {
    if (failure) throw failure.error
  }
  const begunAt = (place: PiecePlace) => {
    const blocks = begun.get(place) ?? []
    begun.set(place, blocks)
    return blocks
  }

  const takePieces = async () => {
    for await (const piece of pieces) {
      const block = makeBlock(piece, options)
      // It may fail while another one is waited for; that is no unhandled rejection, its turn comes.
      block.catch(() => {})
      begunAt(piece.place).push({ block, last: piece.last })
      count++
      tell()
      await until(() => count < options.blocksAhead || wanted?.length === 0 || isStopped)
      if (isStopped) return
    }
  }
  const ended = takePieces().catch(error => {
    failure = { error }
    tell()
  })

  return {
    async *blocksOf(place) {
      const blocks = begunAt(place)
      for (let isLast = false; !isLast; ) {
        wanted = blocks
        tell()
        await until(() => blocks.length > 0 || failure !== undefined)
        wanted = undefined
        check()
        const next = blocks.shift()!
        isLast = next.last
        const block = await next.block
        count--
        tell()
        yield block
      }
      begun.delete(place)
    },
    check,
    stop() {
      isStopped = true
      tell()
    },
    ended,
  }
}

/** Has a piece encoded. The block leaves its slot, so the packer can fill that while the block waits for its turn. */
async function makeBlock(piece: Piece, { encoders, compression }: EncodeOptions): Promise<MadeBlock> {
  const { slot, length, segment } = piece
  const memory = { memory: slot.buffer, offset: slot.byteOffset, size: slot.length }
  const task: EncodeTask = { slot: memory, length, compression }
  try {
    const { size, sha256, ...record } = await encoders.run<SlotBlock>('encode', task)
    return { bytes: slot.slice(0, size), record, sha256, segment }
  } finally {
    piece.release()
  }
}
