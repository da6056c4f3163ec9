import type { ByteInput } from './byte-input.ts'
import { CheckError } from './errors.ts'
import type { Report } from './findings.ts'
import { reportSecond, reportTrailingBytes, truncated } from './stream-ends.ts'

/** How a stream of bzip2 begins: `BZh`, a digit, and the mark of a block or of the end. No data holds that by chance. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: the mark of the end is no text
const BZIP2_START = /BZh[1-9](1AY&SY|\x17rE8P\x90)/

/** What the decoder says where a stream should begin, and where it ends too early; often that is a `TypeError`. */
const NO_START = 'No magic number found'
const CUT_OFF = 'input stream ended prematurely'
/** Bytes at the end of a file that are kept: more than an end of a stream and what is too short to begin one. */
const TAIL_SIZE = 16

/** Decompresses a bzip2 file, all streams of it. Throws `CheckError`. */
export async function* unpackBzip2(input: ByteInput, report: Report): AsyncGenerator<Uint8Array> {
  const { default: createBunzip2 } = await import('unbzip2-stream')
  const stream = createBunzip2()
  const out: Uint8Array[] = []
  let failure: Error | undefined
  stream.on('error', (error: Error) => {
    failure ??= error
  })
  stream.on('data', (chunk: Uint8Array) => out.push(chunk))
  let seen = ''
  let tail: Buffer = Buffer.alloc(0)
  let isSecondSeen = false
  for (let piece = await input.take(); piece !== undefined; piece = await input.take()) {
    // The first start is not looked for: its first byte is left out.
    seen =
      seen === '' ? Buffer.from(piece).toString('latin1', 1) : seen.slice(-9) + Buffer.from(piece).toString('latin1')
    if (!isSecondSeen && BZIP2_START.test(seen)) {
      isSecondSeen = true
      reportSecond('bzip2', report)
    }
    tail = Buffer.concat([tail, piece]).subarray(-TAIL_SIZE)
    stream.write(Buffer.from(piece))
    yield* out.splice(0)
    if (failure) break
  }
  stream.end()
  yield* out.splice(0)
  if (failure === undefined) return
  if (failure.message === NO_START || bytesBehindEnd(tail) > 0) {
    while ((await input.take()) !== undefined);
    reportTrailingBytes('bzip2', report)
  } else if (failure instanceof TypeError || failure.message === CUT_OFF) throw truncated('bzip2', input)
  else throw new CheckError('IMAGE_CORRUPT', `cannot be decompressed as bzip2: ${failure.message}`)
}

/** What stands in front of the checksum of 32 bits at the end of a stream, at any bit. */
const END_MARK = 0x177245385090n
const MARK_BITS = 48
const CHECKSUM_BITS = 32

/** How many of the last bytes of a file lie behind the end of a stream; 0 if none is seen to end in them. */
function bytesBehindEnd(tail: Buffer): number {
  const bits = BigInt(`0x0${tail.toString('hex')}`)
  const length = tail.length * 8
  for (let behind = 0; behind + CHECKSUM_BITS + MARK_BITS <= length; behind++) {
    const mark = (bits >> BigInt(behind + CHECKSUM_BITS)) & ((1n << BigInt(MARK_BITS)) - 1n)
    if (mark === END_MARK) return Math.floor(behind / 8)
  }
  return 0
}
