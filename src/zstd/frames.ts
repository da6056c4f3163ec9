/**
 * Where the frames of a zstd file end (RFC 8878, section 3.1).
 *
 *     file      = { frame | skippable }
 *     frame     = FD2FB528, descriptor, [window], [dictionary ID], [content size], { block }, [checksum]
 *     block     = 3 bytes (bit 0: it is the last; bits 1-2: its type; the others: its size), its bytes: of type 1, one
 *     skippable = 184D2A50 to 184D2A5F, size (4 bytes), that many bytes
 *
 * Numbers are little-endian.
 */
import { readU32le } from '../bytes/index.ts'

const FRAME_MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50

/** Sizes by the two bits of the descriptor that stand for them. A content size of no bytes has one in a single segment. */
const DICTIONARY_ID_SIZES = [0, 1, 2, 4]
const CONTENT_SIZE_SIZES = [0, 2, 4, 8]

/** What comes next: bytes to look at, bytes to pass over, or the end of a frame. */
type Step = { readonly read: number } | { readonly skip: number } | 'end'

/**
 * The same bytes in chunks of which none goes on beyond the end of a frame: Node's decompressor takes the end of a frame
 * with something behind it for the end of all. Throws a plain `Error` for what begins like no frame.
 */
export async function* splitZstdFrames(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const frames = walkFrames()
  let gathered = Buffer.alloc(0)
  let step: Step = frames.next().value
  let left = sizeOf(step)
  for await (const chunk of bytes) {
    let begin = 0
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + left)
      at += part.length
      left -= part.length
      if (step !== 'end' && 'read' in step) gathered = Buffer.concat([gathered, part])
      while (left === 0) {
        step = frames.next(gathered).value
        left = sizeOf(step)
        gathered = Buffer.alloc(0)
        if (step !== 'end') continue
        yield chunk.subarray(begin, at)
        begin = at
      }
    }
    if (begin < chunk.length) yield chunk.subarray(begin)
  }
}

function sizeOf(step: Step): number {
  if (step === 'end') return 0
  return 'read' in step ? step.read : step.skip
}

/** Reads the grammar from top to bottom; each `read` is answered with its bytes. */
function* walkFrames(): Generator<Step, never, Uint8Array> {
  for (;;) {
    const magic = readU32le(yield { read: 4 }, 0)
    if (magic === FRAME_MAGIC) yield* walkFrame()
    else if (magic >>> 4 === SKIPPABLE_MAGIC >>> 4) yield { skip: readU32le(yield { read: 4 }, 0) }
    else throw new Error(`a frame begins with ${magic.toString(16)}, which is no mark of one`)
    yield 'end'
  }
}

function* walkFrame(): Generator<Step, void, Uint8Array> {
  const [descriptor] = yield { read: 1 }
  const isSingleSegment = (descriptor & 0x20) !== 0
  const contentSize = CONTENT_SIZE_SIZES[descriptor >> 6]
  const window = isSingleSegment ? 0 : 1
  yield { skip: window + DICTIONARY_ID_SIZES[descriptor & 3] + (contentSize || Number(isSingleSegment)) }
  for (let isLast = false; !isLast; ) {
    const [low, middle, high] = yield { read: 3 }
    const size = (low >> 3) | (middle << 5) | (high << 13)
    isLast = (low & 1) !== 0
    yield { skip: ((low >> 1) & 3) === 1 ? 1 : size }
  }
  if (descriptor & 4) yield { skip: 4 }
}
