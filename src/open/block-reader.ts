/** The blocks of an .xz file, unpacked as they are asked for. */
import { createHash } from 'node:crypto'
import { availableParallelism } from 'node:os'
import type { ImageSource } from '../image-source/index.ts'
import { OpenError } from '../image-source/index.ts'
import { offerThreads, type Threads } from '../pool/index.ts'
import { stopWordOf, type UnpackTask, withStopWord } from '../produce/index.ts'
import { DICTIONARY_KEPT } from '../unpack/index.ts'
import { createLoneBlockDecoder, decodeLoneBlock, XzError } from '../xz/index.ts'
import { createSlots, type Slot } from './slots.ts'
import type { XzBlock } from './xz-layout.ts'

/** Bytes, compressed or not, up to which a block is held as a whole. Those of a longer one pass through. */
const WHOLE_MAX = 32 * 1024 * 1024

/** Bytes of blocks that are in memory, compressed and unpacked. */
const HELD_MAX = 128 * 1024 * 1024

/** Threads that unpack at most: each takes 50 MB, and two images that are compared shall not take 300. */
const THREADS_MAX = 2

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
  /** The same, but one block is unpacked at first, then two ahead, then four: for a reader that may soon have enough. */
  readInSteps(blocks: readonly XzBlock[]): AsyncGenerator<Uint8Array>
  /**
   * The same, but checks may not be verified, and a block behind whose beginning there seem to be no more headers of a tar is
   * only unpacked to there until more of it is asked for.
   */
  readHeaders(blocks: readonly XzBlock[]): AsyncGenerator<Uint8Array>
  /** Ends the threads. None is left when it resolves. */
  close(): Promise<void>
}

/** How a block is unpacked. */
type Way = 'here' | 'thread' | 'headers'

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
  const slots = createSlots(withStopWord(slotSize), slotsMax)
  /** Blocks that are still being unpacked for a reader that has ended. The next one may want them. */
  const left = new Map<Slot, XzBlock>()
  let threads: Threads | undefined

  /** Unpacks a block into memory: here, by a thread, or only its headers by a thread. How many bytes it has unpacked. */
  async function unpack(memory: SharedArrayBuffer, block: XzBlock, way: Way): Promise<number> {
    const { record, check, size, tarSize } = block
    stopWordOf(memory).fill(0)
    const bytes = new Uint8Array(memory, tarSize, size)
    await source.fill(bytes, block.offset, { signal })
    // A thread takes as long to start as a small block to unpack.
    if (way === 'here') {
      const data = new Uint8Array(memory, 0, tarSize)
      return decodeLoneBlock(bytes, record, check, { ...decoderOptions(), data }).length
    }
    threads ??= offerThreads(workerUrl, workers, signal)
    const task: UnpackTask = { memory, size, record, check, onlyHeaders: way === 'headers' }
    return await threads.run<number>('unpack', task)
  }

  async function* passThrough(block: XzBlock): AsyncGenerator<Uint8Array> {
    const decoder = createLoneBlockDecoder(block.record, block.check, { ...decoderOptions(), lendsData: true })
    try {
      for await (const piece of source.stream(block.offset, block.offset + block.size)) yield* decoder.push(piece)
      decoder.end()
    } finally {
      decoder.close()
    }
  }

  /** What is known of a block by its headers is not all of it, but all of it has its headers. */
  const takeSlot = (block: XzBlock, way: Way) => {
    const whole = String(block.offset)
    const key = way === 'headers' && !slots.has(whole) ? `${way}${whole}` : whole
    const slot = slots.take(key, memory => unpack(memory, block, way))
    // A reader that goes on gets the error; one that stops need not.
    slot.filled.catch(() => {})
    return slot
  }

  /** Stops what other blocks are still unpacked for, and waits until their slots are free: shared memory is freed late. */
  async function stopOthers(blocks: readonly XzBlock[]): Promise<void> {
    const others = [...left].filter(([, block]) => !blocks.includes(block)).map(([slot]) => slot)
    for (const { memory } of others) stopWordOf(memory).fill(1)
    await Promise.allSettled(others.map(({ filled }) => filled))
  }

  async function* read(blocks: readonly XzBlock[], onlyHeaders: boolean): AsyncGenerator<Uint8Array> {
    const isAlone = blocks.length < 3
    const ahead = isAlone ? 1 : slotsMax - 1
    const way = isAlone ? 'here' : onlyHeaders ? 'headers' : 'thread'
    if (way === 'headers') await stopOthers(blocks)
    /** Slots that are taken, in the order of their blocks. The first may have been given. */
    const taken: { readonly block: XzBlock; readonly slot: Slot }[] = []
    let isGiven = false
    let next = 0
    const startNext = () => {
      const block = blocks[next]
      if (block === undefined || isLong(block) || taken.length - Number(isGiven) >= ahead) return false
      taken.push({ block, slot: takeSlot(block, way) })
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
        const { tarSize } = first.block
        const size = await first.slot.filled
        yield new Uint8Array(first.slot.memory, 0, size)
        if (size === tarSize) continue
        const whole = takeSlot(first.block, 'thread')
        try {
          await whole.filled
          yield new Uint8Array(whole.memory, size, tarSize - size)
        } finally {
          void whole.filled.catch(() => {}).then(() => slots.release(whole))
        }
      }
    } finally {
      // What threads are still writing into is not used for anything else.
      for (const { slot, block } of taken) {
        left.set(slot, block)
        const release = () => {
          left.delete(slot)
          slots.release(slot)
        }
        slot.filled.then(release, release)
      }
    }
  }

  async function* inSteps(blocks: readonly XzBlock[]): AsyncGenerator<Uint8Array> {
    for (let at = 0, count = 1; at < blocks.length; at += count, count *= 2) {
      yield* read(blocks.slice(at, at + count), false)
    }
  }

  async function* blamed(pieces: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* pieces
    } catch (error) {
      if (!(error instanceof XzError)) throw error
      throw new OpenError('OPEN_CORRUPT', source.name, `is damaged: ${error.message}`, { cause: error })
    }
  }

  return {
    read: blocks => blamed(read(blocks, false)),
    readInSteps: blocks => blamed(inSteps(blocks)),
    readHeaders: blocks => blamed(read(blocks, true)),
    close: async () => threads?.stop(),
  }
}

function sizeInSlot({ size, tarSize }: XzBlock): number {
  return size + tarSize
}

/** Whether a block passes through: to begin in its middle means to unpack all that is in front. */
export function isLong({ size, tarSize }: XzBlock): boolean {
  return size > WHOLE_MAX || tarSize > WHOLE_MAX
}

function decoderOptions() {
  return { dictionaryMax: DICTIONARY_KEPT, createSha256: () => createHash('sha256') }
}
