import { codingsOf } from './content-encoding.ts'
import type { Headers } from './exchange.ts'

/** By what a file is known again; a field is there if the server tells it. */
export interface Identity {
  /** Bytes of the whole file. */
  readonly length?: number
  readonly etag?: string
  readonly lastModified?: string
  /** The codings of its Content-Encoding, with commas between them. */
  readonly encoding?: string
}

/** The identity of a file with `length` bytes, by the headers of a response. */
export function identityOf(headers: Headers, length: number | undefined): Identity {
  const encoding = codingsOf(textOf(headers, 'content-encoding') ?? '').join(', ')
  return {
    length,
    etag: textOf(headers, 'etag'),
    lastModified: textOf(headers, 'last-modified'),
    encoding: encoding === '' ? undefined : encoding,
  }
}

/** Where the body of a partial response begins in the file, and the file's length (RFC 9110, section 14.4). */
export function rangeOf(headers: Headers): { start: number; length: number | undefined } | undefined {
  const range = /^bytes (\d+)-\d+\/(?:(\d+)|\*)$/.exec(textOf(headers, 'content-range') ?? '')
  return range ? { start: Number(range[1]), length: range[2] === undefined ? undefined : Number(range[2]) } : undefined
}

/** The If-Range header for a file: only what stands for the very same bytes will do (RFC 9110, section 13.1.5). */
export function validatorOf({ etag, lastModified }: Identity): string | undefined {
  return etag === undefined ? lastModified : isWeak(etag) ? undefined : etag
}

/** In what two files differ that should be one, in words; `undefined` if they may be the same. */
export function differenceOf(before: Identity, now: Identity): string | undefined {
  if (before.encoding !== now.encoding) {
    return `its Content-Encoding was ${before.encoding ?? 'none'}, is ${now.encoding ?? 'none'}`
  }
  if (differ(before.length, now.length)) return `it had ${before.length} bytes, has ${now.length}`
  if (differ(opaque(before.etag), opaque(now.etag))) return `its ETag was ${before.etag}, is ${now.etag}`
  // A date says less than a tag: behind one name there may be several servers with copies of different ages.
  if (before.etag !== undefined && now.etag !== undefined) return undefined
  if (!differ(before.lastModified, now.lastModified)) return undefined
  return `it was of ${before.lastModified}, is of ${now.lastModified}`
}

function differ<T>(a: T | undefined, b: T | undefined): boolean {
  return a !== undefined && b !== undefined && a !== b
}

function isWeak(etag: string): boolean {
  return etag.startsWith('W/')
}

/** Servers make a tag weak where they compress, and strong elsewhere. */
function opaque(etag: string | undefined): string | undefined {
  return etag && isWeak(etag) ? etag.slice(2) : etag
}

/** Bytes of the body, by the headers before it. */
export function lengthOf(headers: Headers): number | undefined {
  const length = textOf(headers, 'content-length')
  return length !== undefined && /^\d+$/.test(length) ? Number(length) : undefined
}

function textOf(headers: Headers, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}
