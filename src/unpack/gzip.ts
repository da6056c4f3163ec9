/**
 * The gzip format (RFC 1952, section 2.3).
 *
 *     file   = { member }
 *     member = 1F8B, 08, flags, time (4), extra flags, system, [extra], [name], [comment], [CRC-16], deflated data, trailer
 *     extra  = size (2), that many bytes; name and comment end with a NUL
 *     trailer = CRC-32 of the contents (4), size of the contents modulo 2^32 (4)
 *
 * Numbers are little-endian. It is unpacked member by member, because Node goes from one to the next without a word.
 */
import { crc32, createInflateRaw } from 'node:zlib'
import { readU32le } from '../bytes/index.ts'
import type { ByteInput } from './byte-input.ts'
import { damaged, truncated } from './errors.ts'
import { createPartLimit } from './limits.ts'
import { runEngine } from './node-engine.ts'
import type { UnpackOptions } from './options.ts'

const HEADER_SIZE = 10
const TRAILER_SIZE = 8
const DEFLATE = 8

const FHCRC = 2
const FEXTRA = 4
const FNAME = 8
const FCOMMENT = 16
const RESERVED = 0xe0

/** Unpacks a gzip file, all members of it. */
export async function* unpackGzip(
  input: ByteInput,
  { limits, onEvent = () => {} }: UnpackOptions,
): AsyncGenerator<Uint8Array> {
  const countMember = createPartLimit('gzip members', input, limits)
  for (let member = 1; ; member++) {
    countMember()
    const header = await input.gather(HEADER_SIZE)
    if (header.length === 0) {
      if (member === 1) throw truncated('it is empty')
      return
    }
    const isMember = header[0] === 0x1f && header[1] === 0x8b
    if (member > 1 && !isMember) {
      const isPadding = header.every(byte => byte === 0)
      onEvent({ kind: 'trailing', size: header.length + (await input.drain()), isPadding })
      return
    }
    if (member > 1) onEvent({ kind: 'part', number: member })
    if (!isMember || header[2] !== DEFLATE || header[3]! & RESERVED) {
      throw damaged('its gzip header is of no kind that is known')
    }
    await skipFields(input, header[3]!)
    let crc = 0
    let size = 0
    for await (const chunk of runEngine(input, createInflateRaw)) {
      crc = crc32(chunk, crc)
      size += chunk.length
      yield chunk
    }
    const trailer = await input.gather(TRAILER_SIZE)
    if (trailer.length < TRAILER_SIZE) throw truncated('it is cut off: it ends within a trailer')
    if (readU32le(trailer, 0) !== crc || readU32le(trailer, 4) !== size % 2 ** 32) {
      throw damaged('it does not match its CRC-32 or its size')
    }
  }
}

async function skipFields(input: ByteInput, flags: number): Promise<void> {
  if (flags & FEXTRA) {
    const [low = 0, high = 0] = await input.gather(2)
    await input.gather(low + high * 256)
  }
  for (const field of [FNAME, FCOMMENT]) if (flags & field) await skipText(input)
  if (flags & FHCRC) await input.gather(2)
}

/** Passes over a text and the NUL behind it. */
async function skipText(input: ByteInput): Promise<void> {
  for await (const piece of input.rest()) {
    const end = piece.indexOf(0)
    if (end === -1) continue
    input.unread(piece.subarray(end + 1))
    return
  }
}
