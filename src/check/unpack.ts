import type { Transform } from 'node:stream'
import { crc32, createInflateRaw, createZstdDecompress } from 'node:zlib'
import { readU32le } from '../bytes/index.ts'
import type { ByteInput } from './byte-input.ts'
import type { Compression } from './compression.ts'
import { CheckError } from './errors.ts'
import type { Report } from './findings.ts'
import { createPartLimit, limitExpansion } from './limits.ts'
import { reportSecond, reportTrailingBytes, truncated } from './stream-ends.ts'
import { unpackBzip2 } from './unpack-bzip2.ts'
import { unpackXz } from './unpack-xz.ts'

type Unpacker = (input: ByteInput, report: Report) => AsyncGenerator<Uint8Array>

const UNPACKERS: Partial<Record<Compression, Unpacker>> = {
  none: passOn,
  xz: unpackXz,
  gzip: unpackGzip,
  bzip2: unpackBzip2,
  zstd: unpackZstd,
}

/**
 * What decompresses an image file: to bytes that throw `CheckError` where they end too early or are damaged, and with
 * findings for what importers mind. `CheckError` IMAGE_UNBOUNDED, too, where they are too many for what they are unpacked
 * from. `undefined` for a compression that is only known by its name.
 */
export function unpackerOf(compression: Compression): Unpacker | undefined {
  const unpack = UNPACKERS[compression]
  if (unpack === undefined || compression === 'none') return unpack
  return (input, report) => limitExpansion(unpack(input, report), input)
}

async function* passOn(input: ByteInput): AsyncGenerator<Uint8Array> {
  for (let piece = await input.take(); piece !== undefined; piece = await input.take()) yield piece
}

/** Bits of a gzip header (RFC 1952, section 2.3.1). */
const FHCRC = 2
const FEXTRA = 4
const FNAME = 8
const FCOMMENT = 16
const RESERVED = 0xe0
const DEFLATE = 8

/** Bytes given to a decompressor of Node's at a time: each time another thread is asked. */
const WRITE_SIZE = 64 * 1024

/** Member by member, because Node goes from one to the next without a word. */
async function* unpackGzip(input: ByteInput, report: Report): AsyncGenerator<Uint8Array> {
  const countMember = createPartLimit('gzip members', input)
  for (let member = 1; ; member++) {
    countMember()
    const header = await input.gather(10)
    if (header.length === 0) return
    if (member > 1 && (header[0] !== 0x1f || header[1] !== 0x8b)) {
      reportTrailingBytes('gzip', report)
      while ((await input.take()) !== undefined);
      return
    }
    if (member === 2) reportSecond('gzip', report)
    if (header[2] !== DEFLATE || header[3]! & RESERVED) {
      throw new CheckError('IMAGE_CORRUPT', 'is damaged: its gzip header is of no kind that is known')
    }
    if (header[3]! & FEXTRA) await input.gather(lengthOf(await input.gather(2)))
    for (const field of [FNAME, FCOMMENT]) if (header[3]! & field) await skipText(input)
    if (header[3]! & FHCRC) await input.gather(2)
    let crc = 0
    let size = 0
    for await (const chunk of runThrough(input, createInflateRaw(), 'gzip')) {
      crc = crc32(chunk, crc)
      size += chunk.length
      yield chunk
    }
    const trailer = await input.gather(8)
    if (trailer.length < 8) throw truncated('gzip', input)
    if (readU32le(trailer, 0) !== crc || readU32le(trailer, 4) !== size % 2 ** 32) {
      throw new CheckError('IMAGE_CORRUPT', 'is damaged: it does not match its CRC-32 or its size')
    }
  }
}

/** Passes over a text and the NUL behind it. */
async function skipText(input: ByteInput): Promise<void> {
  for (let piece = await input.take(); piece !== undefined; piece = await input.take()) {
    const end = piece.indexOf(0)
    if (end === -1) continue
    input.unread(piece.subarray(end + 1))
    return
  }
}

/** Frame by frame, because Node takes the end of one with something behind it for the end of all. */
async function* unpackZstd(input: ByteInput): AsyncGenerator<Uint8Array> {
  const countFrame = createPartLimit('zstd frames', input)
  while ((await input.peek(1)).length > 0) {
    countFrame()
    yield* runThrough(input, createZstdDecompress(), 'zstd')
  }
}

/** Runs a decompressor of Node's to the end of its data, and no further. It goes no further than it is read, either. */
async function* runThrough(input: ByteInput, engine: Transform, name: string): AsyncGenerator<Uint8Array> {
  const counter = engine as Transform & { readonly bytesWritten: number }
  let isCut = false
  let inputError: unknown
  let settle = () => {}
  // Where the data ends within a piece, nobody calls back for that piece.
  engine.on('close', () => settle())
  async function feed(): Promise<void> {
    for (let piece = await input.take(WRITE_SIZE); piece !== undefined; piece = await input.take(WRITE_SIZE)) {
      const before = counter.bytesWritten
      await new Promise<void>(resolve => {
        settle = resolve
        engine.write(piece, () => resolve())
      })
      const used = counter.bytesWritten - before
      if (used < piece.length) {
        input.unread(piece.subarray(used))
        return
      }
    }
    isCut = true
    engine.end()
  }
  const fed = feed().catch(error => {
    inputError = error
    engine.destroy()
  })
  try {
    for await (const chunk of engine) yield chunk
    await fed
  } catch (error) {
    if (inputError !== undefined) throw inputError
    if (isCut) throw truncated(name, input)
    const message = `cannot be decompressed as ${name}: ${(error as Error).message}`
    throw new CheckError('IMAGE_CORRUPT', message, { cause: error })
  } finally {
    engine.destroy()
  }
}

function lengthOf(bytes: Uint8Array): number {
  return bytes.length < 2 ? 0 : bytes[0]! + bytes[1]! * 256
}
