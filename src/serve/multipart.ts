/**
 * Several ranges in one answer (RFC 9110, section 14.6):
 *
 *     part    = CRLF "--" boundary CRLF "Content-Range: bytes " first "-" last "/" size CRLF CRLF bytes
 *     answer  = 1*part CRLF "--" boundary "--" CRLF
 */
import { randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type ByteRange, severalRanges } from './ranges.ts'

/** Headers that decide whether there is an answer with contents at all. */
const CONDITIONS = ['if-match', 'if-unmodified-since', 'if-none-match', 'if-modified-since'] as const

/** Bytes read from disk at a time. */
const READ_SIZE = 64 * 1024

/**
 * Answers a request that asks for several ranges of a file, and resolves to whether it did. If not, the package
 * `send` answers: it knows all conditions, and a single range, to which several may have been reduced.
 */
export async function sendRanges(
  file: FileHandle,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const { method, headers } = request
  if (method !== 'GET' || !headers.range?.includes(',') || CONDITIONS.some(name => name in headers)) return false
  try {
    const { size, mtime } = await file.stat()
    const ranges = severalRanges(headers.range, size)
    // The package would answer with those of the ranges that are well-formed.
    if (!ranges) delete headers.range
    if (ranges?.length === 1) headers.range = `bytes=${ranges[0]?.first}-${ranges[0]?.last}`
    // The same as those of send, with which a client may have begun.
    const etag = `W/"${size.toString(16)}-${mtime.getTime().toString(16)}"`
    const date = mtime.toUTCString()
    if (!ranges || ranges.length < 2 || !isFresh(headers, etag, date)) return false
    const boundary = randomBytes(16).toString('hex')
    const heads = ranges.map(range => headOf(range, size, boundary))
    const end = Buffer.from(`\r\n--${boundary}--\r\n`)
    const inHeads = heads.reduce((sum, head) => sum + head.length, end.length)
    response.writeHead(206, {
      'content-type': `multipart/byteranges; boundary=${boundary}`,
      'content-length': ranges.reduce((sum, { first, last }) => sum + last - first + 1, inHeads),
      'accept-ranges': 'bytes',
      'cache-control': 'public, max-age=0',
      'last-modified': date,
      etag,
    })
    await pipeline(Readable.from(partsOf(file, ranges, heads, end), { objectMode: true, highWaterMark: 1 }), response)
    return true
  } catch (error) {
    // Behind its headers, an answer can only be cut off.
    if (!response.headersSent) throw error
    response.destroy()
    return true
  }
}

async function* partsOf(file: FileHandle, ranges: readonly ByteRange[], heads: readonly Buffer[], end: Buffer) {
  for (const [i, { first, last }] of ranges.entries()) {
    yield heads[i]
    for (let at = first; at <= last; ) {
      const length = Math.min(READ_SIZE, last - at + 1)
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, at)
      if (bytesRead === 0) throw new Error('the file has become shorter')
      at += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }
  yield end
}

function headOf({ first, last }: ByteRange, size: number, boundary: string): Buffer {
  return Buffer.from(`\r\n--${boundary}\r\nContent-Range: bytes ${first}-${last}/${size}\r\n\r\n`)
}

/** Whether the client has begun with the file as it is, if it says with which. */
function isFresh({ 'if-range': begun }: IncomingHttpHeaders, etag: string, date: string): boolean {
  return begun === undefined || begun === etag || begun === date
}
