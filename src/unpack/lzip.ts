/**
 * The lzip format (RFC draft-diaz-lzip, lzip's manual: "File format").
 *
 *     file    = { member }
 *     member  = "LZIP", 1, coded dictionary size (1), LZMA data with an end mark, trailer
 *     trailer = CRC-32 of the contents (4), size of the contents (8), size of the member (8)
 *
 *     coded dictionary size    bits 4-0: the exponent of a power of two; from it bits 7-5 take that many 16ths
 *
 * Numbers are little-endian. The LZMA data has properties lc=3, lp=0, pb=2, so it is that of an .lzma file.
 */
import { crc32 } from 'node:zlib'
import type { ByteInput } from './byte-input.ts'
import { corrupt, damaged, truncated } from './errors.ts'
import { createPartLimit } from './limits.ts'
import { decodeLzma, LZMA_HEADER_SIZE } from './lzma.ts'
import type { UnpackOptions } from './options.ts'

const MAGIC = Buffer.from('LZIP')
const HEADER_SIZE = 6
const TRAILER_SIZE = 20
const LZMA_PROPERTIES = 0x5d

/** Bytes that the decoder may have read beyond the end of its data, and those of the trailer. */
const BEHIND_MAX = 4 * 1024 * 1024

/** The decoder gets pieces that are one of so many parts of what it got already, within these bounds in bytes. */
const PIECES = 64
const PIECE_MIN = 512
const PIECE_MAX = 64 * 1024

/** Unpacks an lzip file, all members of it. */
export async function* unpackLzip(
  input: ByteInput,
  { limits, size: contentsSize, onEvent = () => {} }: UnpackOptions,
): AsyncGenerator<Uint8Array> {
  const countMember = createPartLimit('lzip members', input, limits)
  for (let member = 1; ; member++) {
    const header = Buffer.from(await input.gather(HEADER_SIZE))
    if (member > 1 && header.length === 0) return
    if (!MAGIC.subarray(0, header.length).equals(header.subarray(0, MAGIC.length))) {
      if (member === 1) throw corrupt('it does not begin as one')
      if (isLikeMagic(header)) throw damaged('what follows a member looks like the damaged header of another')
      const isPadding = header.every(byte => byte === 0)
      onEvent({ kind: 'trailing', size: header.length + (await input.drain()), isPadding })
      return
    }
    if (header.length < HEADER_SIZE) throw truncated('it is cut off: it ends within a header')
    if (header[4] !== 1) throw corrupt(`it is of version ${header[4]}, which is not known`)
    countMember()
    const trail = createTrail(input)
    let crc = 0
    let size = 0
    for await (const chunk of decodeLzma(lzmaHeader(header[5]), trail.bytes(), contentsSize)) {
      crc = crc32(chunk, crc)
      size += chunk.length
      yield chunk
    }
    input.unread(await trail.passTrailer(crc, size))
  }
}

/** Whether lzip, without its --loose-trailing, takes what follows a member for a damaged header: two or three bytes are right. */
function isLikeMagic(header: Uint8Array): boolean {
  return header.length === HEADER_SIZE && MAGIC.filter((byte, i) => header[i] === byte).length > 1
}

function lzmaHeader(codedSize: number): Buffer {
  const power = 2 ** (codedSize & 31)
  const header = Buffer.alloc(LZMA_HEADER_SIZE, 0xff)
  header[0] = LZMA_PROPERTIES
  header.writeUInt32LE(Math.min(power - (power / 16) * (codedSize >> 5), 0xffff_ffff), 1)
  return header
}

/**
 * Passes on the bytes of a member, and remembers the last of them: where its LZMA data ends only its decoder knows, and it
 * does not say. But at each place there is one trailer that is right.
 */
function createTrail(input: ByteInput) {
  // Pieces that lie side by side are one: bytes behind a member are then given back without a copy.
  const last: Uint8Array[] = []
  let kept = 0
  let passed = HEADER_SIZE
  let isDecoded = false
  const next = async (): Promise<Uint8Array | undefined> => {
    // The decoder reads some dozens of pieces ahead. They grow with the member, so what it reads of others stays in proportion.
    const piece = await input.take(Math.min(Math.max(PIECE_MIN, Math.floor(passed / PIECES)), PIECE_MAX))
    if (piece === undefined) return undefined
    const before = last.at(-1)
    const isBeside = before?.buffer === piece.buffer && before.byteOffset + before.length === piece.byteOffset
    const joined = isBeside ? new Uint8Array(piece.buffer, before.byteOffset, before.length + piece.length) : piece
    last.splice(isBeside ? -1 : last.length, 1, joined)
    kept += piece.length
    passed += piece.length
    while (kept - last[0]!.length >= BEHIND_MAX) kept -= last.shift()!.length
    return piece
  }
  return {
    async *bytes(): AsyncGenerator<Uint8Array> {
      while (!isDecoded) {
        const chunk = await next()
        if (chunk === undefined) return
        yield chunk
      }
    },
    /** Looks for the trailer of contents, and gives the bytes behind it. */
    async passTrailer(crc: number, size: number): Promise<Uint8Array> {
      isDecoded = true
      for (let more = TRAILER_SIZE; more > 0; ) more -= (await next())?.length ?? more
      const [only] = last
      const bytes = last.length === 1 ? Buffer.from(only!.buffer, only!.byteOffset, only!.length) : Buffer.concat(last)
      const wanted = Buffer.alloc(TRAILER_SIZE)
      wanted.writeUInt32LE(crc)
      wanted.writeBigUInt64LE(BigInt(size), 4)
      const contents = wanted.subarray(0, 12)
      for (let at = bytes.indexOf(contents); at >= 0; at = bytes.indexOf(contents, at + 1)) {
        const memberSize = passed - bytes.length + at + TRAILER_SIZE
        wanted.writeBigUInt64LE(BigInt(memberSize), 12)
        if (bytes.subarray(at, at + TRAILER_SIZE).equals(wanted)) return bytes.subarray(at + TRAILER_SIZE)
      }
      throw damaged('a member does not match its CRC-32 and its sizes')
    },
  }
}
