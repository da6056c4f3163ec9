/** The tar archive in an image file, from any offset on. */
import type { ImageSource } from '../image-source/index.ts'
import { OpenError } from '../image-source/index.ts'
import { partsBetween, tarEndOf } from '../manifest/index.ts'
import {
  type Compression,
  createByteInput,
  limitExpansion,
  UNPACK_LIMITS,
  UnpackError,
  unpack,
} from '../unpack/index.ts'
import { type BlockReader, isLong } from './block-reader.ts'
import type { TarBlock } from './parts.ts'
import type { XzBlock } from './xz-layout.ts'

/** The bytes of a tar archive, wherever they are. */
export interface TarBytes {
  /** Whether to begin in the middle costs no more than what is read from there on. */
  readonly isSeekable: boolean
  /** Bytes of the archive; `undefined` if that takes unpacking it. */
  readonly size: number | undefined
  /** Parts that are unpacked on their own, in order; none where nothing tells them. */
  readonly blocks: readonly TarBlock[]
  /** The bytes from `offset` on, up to `end` or the end of the archive. Throws `OpenError`. */
  from(offset: number, end?: number): AsyncGenerator<Uint8Array>
  /**
   * The same for who passes over contents, and begins anew behind those that are not in hand: they are not unpacked before they
   * are asked for. Checks of the parts are not verified. Absent where it would save nothing.
   */
  headersFrom?(offset: number, end?: number): AsyncGenerator<Uint8Array>
  /**
   * The same as `from` for a reader that may soon have enough: one part is unpacked, then two, and so on. Absent where it is the
   * same.
   */
  stepsFrom?(offset: number, end?: number): AsyncGenerator<Uint8Array>
  /** Gives up what it holds. Nothing is left when it resolves. */
  close(): Promise<void>
}

/** An archive that is not compressed. */
export function plainTar(source: ImageSource): TarBytes {
  return {
    isSeekable: source.isSeekable,
    size: source.size,
    blocks: [],
    from: (offset, end) => source.stream(offset, end),
    close: async () => {},
  }
}

/** An archive in the blocks of an .xz file. */
export function xzTar(source: ImageSource, blocks: readonly XzBlock[], reader: BlockReader): TarBytes {
  const last = blocks.at(-1)
  const size = last === undefined ? 0 : tarEndOf(last)
  const isSeekable = source.isSeekable && !blocks.some(isLong)

  return {
    isSeekable,
    size,
    blocks: blocks.map(({ offset, size, tarOffset, tarSize }) => ({ offset, size, tarOffset, tarSize })),
    from: (offset, end = size) => readBlocks(source, blocks, offset, end, reader.read),
    ...(isSeekable && {
      headersFrom: (offset: number, end = size) => readBlocks(source, blocks, offset, end, reader.readHeaders),
      stepsFrom: (offset: number, end = size) => readBlocks(source, blocks, offset, end, reader.readInSteps),
    }),
    close: () => reader.close(),
  }
}

/**
 * The bytes of an archive from `offset` up to `end`, of the blocks that have them, which `dataOf` unpacks as a whole. Throws
 * `OpenError` OPEN_UNBOUNDED if more comes out than a file of this size should hold.
 */
export async function* readBlocks<T extends TarBlock>(
  source: ImageSource,
  blocks: readonly T[],
  offset: number,
  end: number,
  dataOf: (wanted: readonly T[]) => AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const wanted = partsBetween(blocks, offset, end)
  let at = wanted[0]?.tarOffset ?? 0
  try {
    for await (const piece of limitExpansion(dataOf(wanted), source, UNPACK_LIMITS)) {
      const part = cut(piece, offset - at, end - at)
      at += piece.length
      if (part.length > 0) yield part
    }
  } catch (error) {
    throw openErrorOf(error, source)
  }
}

/** What of a piece is between two offsets, which may be outside of it. */
function cut(piece: Uint8Array, start: number, end: number): Uint8Array {
  return piece.subarray(Math.max(0, start), Math.max(0, end))
}

/** Bytes given to an unpacker at a time: a few may stand for many. */
const PIECE_SIZE = 4096

/** An archive that is unpacked in one go, from its beginning. */
export function streamedTar(source: ImageSource, compression: Compression, dictionaryMax: number): TarBytes {
  return {
    isSeekable: false,
    size: undefined,
    blocks: [],
    async *from(offset, end = Number.POSITIVE_INFINITY) {
      let at = 0
      try {
        const input = createByteInput(source.stream(0), PIECE_SIZE)
        for await (const piece of unpack(input, { compression, dictionaryMax, limits: UNPACK_LIMITS })) {
          const part = cut(piece, offset - at, end - at)
          at += piece.length
          if (part.length > 0) yield part
          if (at >= end) return
        }
      } catch (error) {
        throw openErrorOf(error, source)
      }
    },
    close: async () => {},
  }
}

function openErrorOf(error: unknown, { name }: ImageSource): unknown {
  if (!(error instanceof UnpackError)) return error
  const isBomb = error.code === 'UNPACK_TOO_LARGE' || error.code === 'UNPACK_TOO_MANY_PARTS'
  return new OpenError(isBomb ? 'OPEN_UNBOUNDED' : 'OPEN_CORRUPT', name, error.message, { cause: error })
}
