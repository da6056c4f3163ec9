/**
 * The contents of a pax header (POSIX.1-2017, pax, "pax Extended Header"): records `LENGTH KEY=VALUE` and a newline, where
 * the length counts all of the record.
 */
import type { ByteString } from '../bytes/index.ts'

/** The records of pax headers, by their keys, which are byte strings, too. */
export type PaxRecords = Readonly<Record<string, ByteString>>

/** Keys of the records that hold names. */
export const PAX_NAMES = ['path', 'linkpath', 'GNU.sparse.name'] as const

/** The records of a pax header. */
export interface PaxHeader {
  readonly records: PaxRecords
  /** The fault of the first unreadable record; those behind it are not read. */
  readonly fault?: string
  /** Whether that is a NUL, at which GNU tar stops without a word. */
  readonly isPadded?: boolean
}

/** Reads a pax header as far as it can be read. */
export function parsePaxHeader(bytes: Uint8Array): PaxHeader {
  // A key may be any text, `__proto__`, too.
  const records: Record<string, ByteString> = Object.create(null)
  /** Offsets and numbers of bytes in turn. */
  const map: ByteString[] = []
  // As decodeByteString, which is slower for the megabyte that a header may have.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1') as ByteString
  for (let at = 0; at < text.length; ) {
    if (text[at] === '\0') return { records, fault: `there is a NUL at byte ${at}`, isPadded: true }
    const digits = /^[ \t]*(\d+)/.exec(text.slice(at, at + 24))
    if (digits === null) return { records, fault: `a record at byte ${at} does not begin with its length` }
    const end = at + Number(digits[1])
    const start = at + digits[0].length
    if (end > text.length) return { records, fault: `a record at byte ${at} is longer than the header` }
    const equals = text.indexOf('=', start)
    if (text[start] !== ' ' && text[start] !== '\t') return { records, fault: `a record at byte ${at} has no space` }
    if (equals === -1 || equals >= end) return { records, fault: `a record at byte ${at} has no "="` }
    if (text[end - 1] !== '\n') return { records, fault: `a record at byte ${at} does not end with a newline` }
    const key = text.slice(start + 1, equals)
    const value = text.slice(equals + 1, end - 1)
    // These alone come again and again: together they are what a later version has in one record.
    if (key === 'GNU.sparse.offset' || key === 'GNU.sparse.numbytes') map.push(value)
    else records[key] = value
    at = end
  }
  if (map.length > 0) records['GNU.sparse.map'] ??= map.join(',') as ByteString
  return { records }
}
