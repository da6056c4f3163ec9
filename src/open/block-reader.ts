/** The blocks of an .xz file, unpacked as they are asked for. */
import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { ImageSource } from '../image-source/index.ts'
import { OpenError } from '../image-source/index.ts'
import { offerThreads, type Threads } from '../pool/index.ts'
import type { UnpackTask } from '../produce/index.ts'
import { createLoneBlockDecoder, decodeLoneBlock, XzError } from '../xz/index.ts'
import { createSlots, type Slot } from './slots.ts'
import type { XzBlock } from './xz-layout.ts'

/** Bytes, compressed or not, up to which a block is held as a whole. Those of a longer one pass through. */
const WHOLE_MAX = 32 * 1024 * 1024

/** Bytes of blocks that are in memory, compressed and unpacked. */
const HELD_MAX = 128 * 1024 * 1024

/** Bytes of a dictionary that are kept. `xz -9` makes use of 64 MiB. */
export const DICTIONARY_MAX = 96 * 1024 * 1024

/** Threads that unpack at most: each has a dictionary, and a block in front of it and behind. */
const THREADS_MAX = 4

/** How blocks are read. */
export interface BlockReaderOptions {
  /** What the threads run: see `workerUrlOf`. */
  readonly workerUrl: URL
  /** When it is aborted, all reading ends, with its reason. */
  readonly signal: AbortSignal
}

/** Reads blocks of a file. Throws `OpenError` OPEN_CORRUPT, and what the source throws. */
export interface BlockReader {
  /**
   * The data of blocks that follow each other, in pieces that are only read. The check of a block is verified before its
   * data is given; that of one over 32 MiB with its last piece.
   */
  read(blocks: readonly XzBlock[]): AsyncGenerator<Uint8Array>
  /** Ends the threads. None is left when it resolves. */
  close(): Promise<void>
}

/** Reads blocks out of `source`, of which `all` are the blocks. */
export function createBlockReader(
  source: ImageSource,
  all: readonly XzBlock[],
  { workerUrl, signal }: BlockReaderOptions,
): BlockReader {
  const slotSize = all.reduce((most, block) => (isLong(block) ? most : Math.max(most, sizeInSlot(block))), 1)
  const workers = Math.min(availableParallelism(), THREADS_MAX)
  // One is being read, and the others are on their way.
  const slotsMax = Math.max(2, Math.min(workers + 1, Math.floor(HELD_MAX / slotSize)))
  const slots = createSlots(slotSize, slotsMax)
  let threads: Threads | undefined

  async function unpack(memory: SharedArrayBuffer, block: XzBlock, isAlone: boolean): Promise<void> {
    const { unpaddedSize, uncompressedSize, check, size } = block
    const record = { unpaddedSize, uncompressedSize }
    const bytes = await source.read(block.offset, size, { signal })
    // A thread takes as long to start as a small block to unpack.
    if (isAlone) {
      decodeLoneBlock(bytes, record, check, { ...decoderOptions(), data: new Uint8Array(memory, 0, uncompressedSize) })
      return
    }
    new Uint8Array(memory, uncompressedSize).set(bytes)
    threads ??= offerThreads(workerUrl, workers, signal)
    const task: UnpackTask = { memory, size, record, check }
    await threads.run('unpack', task)
  }

  async function* passThrough(block: XzBlock): AsyncGenerator<Uint8Array> {
    const decoder = createLoneBlockDecoder(block, block.check, { ...decoderOptions(), lendsData: true })
    try {
      for await (const piece of source.stream(block.offset, block.offset + block.size)) yield* decoder.push(piece)
      decoder.end()
    } finally {
      decoder.close()
    }
  }

  async function* read(blocks: readonly XzBlock[]): AsyncGenerator<Uint8Array> {
    const isAlone = blocks.length < 3
    const ahead = isAlone ? 1 : slotsMax - 1
    /** Slots that are taken, in the order of their blocks. The first may have been given. */
    const taken: { readonly block: XzBlock; readonly slot: Slot }[] = []
    let isGiven = false
    let next = 0
    const startNext = () => {
      const block = blocks[next]
      if (block === undefined || isLong(block) || taken.length - Number(isGiven) >= ahead) return false
      const slot = slots.take(block.offset, memory => unpack(memory, block, isAlone))
      // Who reads on learns of it; who stops need not.
      slot.filled.catch(() => {})
      taken.push({ block, slot })
      next++
      return true
    }
    try {
      while (next < blocks.length || taken.length > Number(isGiven)) {
        if (isGiven) slots.release(taken.shift()!.slot)
        isGiven = false
        while (startNext());
        const first = taken[0]
        if (first === undefined) {
          yield* passThrough(blocks[next++])
          continue
        }
        isGiven = true
        while (startNext());
        await first.slot.filled
        yield new Uint8Array(first.slot.memory, 0, first.block.uncompressedSize)
      }
    } finally {
      // What threads are still writing into is not used for anything else.
      for (const { slot } of taken) void slot.filled.catch(() => {}).then(() => slots.release(slot))
    }
  }

  return {
    async *read(blocks) {
      try {
        yield* read(blocks)
      } catch (error) {
        if (!(error instanceof XzError)) throw error
        throw new OpenError('OPEN_CORRUPT', source.name, `is damaged: ${error.message}`, { cause: error })
      }
    },
    close: async () => threads?.stop(),
  }
}

function sizeInSlot({ size, uncompressedSize }: XzBlock): number {
  return size + uncompressedSize
}

/** Whether a block passes through: to begin in its middle means to unpack all that is in front. */
export function isLong({ size, uncompressedSize }: XzBlock): boolean {
  return size > WHOLE_MAX || uncompressedSize > WHOLE_MAX
}

function decoderOptions() {
  return { dictionaryMax: DICTIONARY_MAX, createSha256: () => createHash('sha256') }
}
