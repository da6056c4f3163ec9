import { crc32, readU32le } from '../bytes/index.ts'
import { checkBytes, checkKeys, checkOffset } from './arguments.ts'
import { type BlockDecoding, walkBlock } from './block-decoder.ts'
import type { Sha256 } from './check.ts'
import { XzError } from './errors.ts'
import { createIndexMeter } from './index-meter.ts'
import { borrowLzma2Decoder, type Lzma2Decoder, returnLzma2Decoder } from './lzma2/decoder.ts'
import { decodeStreamFooter, decodeStreamHeader, STREAM_HEADER_SIZE, startsStream } from './stream-flags.ts'
import { createWalker, type Walk } from './walk.ts'

/**
 * A whole .xz file (xz-file-format 1.2, section 2).
 *
 *     file   = { stream, { 4 zero bytes } }
 *     stream = header, { block }, index, footer
 */

/** How a file is decoded. */
export interface XzDecoderOptions {
  /** The largest dictionary, which bounds memory. Default 128 MiB; `xz -9` uses 64 MiB. */
  readonly dictionaryMax?: number
  /** For blocks whose check is SHA-256: `() => createHash('sha256')` with Node's. */
  readonly createSha256?: () => Sha256
  /** Whether the checks of data are verified. Without, decoding takes a tenth less: if a hash is compared. Default true. */
  readonly verifyData?: boolean
  /** Whether the memory of a piece is used again once the next is asked for, or the decoder is closed. Default false. */
  readonly lendsData?: boolean
}

/**
 * Decodes an .xz file of any streams, blocks, filters and checks, and verifies all that it says of itself. Memory depends
 * on the dictionary that its blocks make use of, and is the decoder's until `close`.
 */
export interface XzDecoder {
  /**
   * Takes the next bytes of the file, cut anywhere, and gives the data of them: pieces of up to about 2 MiB, the caller's if
   * they are not lent. Iterate to the end before the next `push` or `end`: otherwise those throw `TypeError`. The iteration
   * throws {@link XzError}, and `TypeError` for a check by SHA-256 where no `createSha256` was given; after that the decoder
   * throws the same again. Once the decoder is closed, `push` and any iteration under way throw `TypeError`.
   */
  push(bytes: Uint8Array): Generator<Uint8Array, void, void>
  /** Whether the file may end here: behind a stream, with or without its padding. */
  readonly isAtEnd: boolean
  /** Call it when no more bytes come. Throws `XZ_TRUNCATED` within a stream. */
  end(): void
  /** Bytes behind the last stream and its padding that begin no other. They are not looked at. */
  readonly behind: number
  /** The IDs of the filters in the blocks so far. */
  readonly filters: ReadonlySet<number>
  /** Gives its memory back. Call it in any case. */
  close(): void
}

const NOTHING = new Uint8Array(0)
const DICTIONARY_MAX = 128 * 1024 * 1024

const OPTIONS = [
  'dictionaryMax',
  'createSha256',
  'verifyData',
  'lendsData',
] as const satisfies (keyof XzDecoderOptions)[]

/** A decoder for one file. Throws `TypeError` and `RangeError` for options that cannot be meant. */
export function createXzDecoder(options: XzDecoderOptions = {}): XzDecoder {
  checkKeys(options, OPTIONS, 'options')
  const { dictionaryMax = DICTIONARY_MAX, createSha256, verifyData = true, lendsData = false } = options
  if (dictionaryMax !== Number.POSITIVE_INFINITY) checkOffset(dictionaryMax, 'options.dictionaryMax')
  const filters = new Set<number>()
  const lzma2: Lzma2Decoder = borrowLzma2Decoder()
  let isClosed = false
  /** Where the last stream ended, with its padding; `undefined` within a stream. */
  let end: number | undefined
  let isBehind = false
  let pushed = 0

  /** A piece without the zeros at its beginning that pad the file: there may be gigabytes of them. */
  function withoutPadding(bytes: Uint8Array): Uint8Array {
    if (end === undefined || walker.held > 0) return bytes
    let begin = 0
    while (begin < bytes.length && bytes[begin] === 0) begin++
    const at = begin - (begin % 4)
    walker.skip(at)
    end += at
    return bytes.subarray(at)
  }

  function* walkFile(): Walk<never> {
    for (;;) {
      const begin = yield 4
      if (end !== undefined && readU32le(begin, 0) === 0) {
        end += 4
        continue
      }
      isBehind = end !== undefined && !startsStream(begin)
      while (isBehind) yield 4096
      end = undefined
      yield* walkStream(begin)
      end = walker.position
    }
  }

  function* walkStream(begin: Uint8Array): Walk<void> {
    const header = new Uint8Array(STREAM_HEADER_SIZE)
    header.set(begin)
    const position = walker.position - begin.length
    header.set(yield STREAM_HEADER_SIZE - begin.length, begin.length)
    const { check } = decodeStreamHeader(header, 0, position)
    const decoding: BlockDecoding = {
      check,
      lzma2,
      dictionaryMax,
      createSha256,
      verifyData,
      lendsData,
      onFilter: id => filters.add(id),
    }
    const index = createIndexMeter()
    for (;;) {
      const [first] = yield 1
      if (first === 0) break
      index.add(yield* walkBlock(walker.position - 1, first, decoding))
    }
    const expected = index.expect()
    const indexPosition = walker.position - 1
    // In pieces, since there is no bound to how many blocks it lists.
    let crc = crc32(Uint8Array.of(0))
    for (let left = expected.size - 1 - 4; left > 0; ) {
      const piece = yield Math.min(left, 4096)
      crc = crc32(piece, crc)
      left -= piece.length
    }
    if (readU32le(yield 4, 0) !== crc || crc !== expected.crc) {
      throw new XzError('XZ_MISMATCH', `the index at byte ${indexPosition} is not that of the blocks before it`)
    }
    const footerPosition = walker.position
    const footer = decodeStreamFooter(yield STREAM_HEADER_SIZE, 0, footerPosition)
    if (footer.check !== check || footer.backwardSize !== expected.size) {
      throw new XzError('XZ_MISMATCH', `the stream footer at byte ${footerPosition} is not that of its stream`)
    }
  }

  const walker = createWalker(walkFile())
  return {
    push(bytes) {
      if (isClosed) throw new TypeError('the decoder is closed')
      checkBytes(bytes, 'bytes')
      walker.checkUsable()
      pushed += bytes.length
      return walker.push(isBehind ? NOTHING : withoutPadding(bytes))
    },
    get isAtEnd() {
      return end !== undefined
    },
    end() {
      walker.checkUsable()
      if (end === undefined)
        throw new XzError('XZ_TRUNCATED', `the .xz file ends within a stream, after ${pushed} bytes`)
    },
    get behind() {
      return end === undefined ? 0 : pushed - end
    },
    filters,
    close() {
      // Closed out of `createSha256`, say, the walk takes its step to the end: no other decoder may get what it works with.
      if (!isClosed && !walker.isRunning) returnLzma2Decoder(lzma2)
      isClosed = true
      walker.close()
    },
  }
}
