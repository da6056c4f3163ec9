import type { Transform } from 'node:stream'
import { crc32, createInflateRaw, createZstdDecompress } from 'node:zlib'
import { readU32le } from '../bytes/index.ts'
import type { ByteInput } from './byte-input.ts'
import type { Compression } from './compression.ts'
import { CheckError } from './errors.ts'
import type { Report } from './findings.ts'
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
 * findings for what importers mind. `undefined` for a compression that is only known by its name.
 */
export function unpackerOf(compression: Compression): Unpacker | undefined {
  return UNPACKERS[compression]
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

/** Member by member, because Node goes from one to the next without a word. */
async function* unpackGzip(input: ByteInput, report: Report): AsyncGenerator<Uint8Array> {
  for (let member = 1; ; member++) {
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
    for (const field of [FNAME, FCOMMENT]) {
      if ((header[3]! & field) === 0) continue
      for (let byte = await input.gather(1); byte.length > 0 && byte[0] !== 0; ) byte = await input.gather(1)
    }
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

/** Frame by frame, because Node takes the end of one with something behind it for the end of all. */
async function* unpackZstd(input: ByteInput): AsyncGenerator<Uint8Array> {
  for (let piece = await input.take(); piece !== undefined; piece = await input.take()) {
    input.unread(piece)
    yield* runThrough(input, createZstdDecompress(), 'zstd')
  }
}

/** Runs a decompressor of Node's to the end of its data, and no further. */
async function* runThrough(input: ByteInput, engine: Transform, name: string): AsyncGenerator<Uint8Array> {
  const counter = engine as Transform & { readonly bytesWritten: number }
  const out: Uint8Array[] = []
  let failure: Error | undefined
  let settle = () => {}
  engine.on('data', (chunk: Uint8Array) => out.push(chunk))
  engine.on('error', error => {
    failure = error
  })
  // Where the data ends within a piece, nobody calls back for that piece.
  engine.on('close', () => settle())
  try {
    for (let piece = await input.take(); piece !== undefined; piece = await input.take()) {
      const before = counter.bytesWritten
      await new Promise<void>(resolve => {
        settle = resolve
        engine.write(piece, () => resolve())
      })
      yield* out.splice(0)
      if (failure) throw new CheckError('IMAGE_CORRUPT', `cannot be decompressed as ${name}: ${failure.message}`)
      const used = counter.bytesWritten - before
      if (used === piece.length) continue
      input.unread(piece.subarray(used))
      return
    }
    await new Promise<void>(resolve => {
      settle = resolve
      engine.end()
      if (engine.closed) resolve()
    })
    yield* out.splice(0)
    if (failure) throw truncated(name, input)
  } finally {
    engine.destroy()
  }
}

function lengthOf(bytes: Uint8Array): number {
  return bytes.length < 2 ? 0 : bytes[0]! + bytes[1]! * 256
}
