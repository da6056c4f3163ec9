/**
 * Several ranges in one request (RFC 9110, section 14.1.2):
 *
 *     ranges = "bytes=" range *("," range)
 *     range  = first "-" [last] / "-" length      offsets in bytes, both ends included; the last `length` bytes
 */

/** Offsets of the first and the last byte. */
export interface ByteRange {
  readonly first: number
  readonly last: number
}

/** Ranges of a request. zsync asks for 20 at most; a request with more than this gets the whole file. */
const RANGES_MAX = 200

/**
 * What a `Range` header with several ranges asks for of a file of `size` bytes, in ascending order. What overlaps is joined,
 * so a request never costs more than the file. Empty if all of it lies behind the end; `undefined` for a header with one
 * range or none, a malformed one, and one with too many, which a server may ignore.
 */
export function severalRanges(header: string | undefined, size: number): ByteRange[] | undefined {
  const parts = /^bytes=(.*,.*)$/i.exec(header?.trim() ?? '')?.[1]?.split(',', RANGES_MAX + 1)
  if (parts === undefined || parts.length > RANGES_MAX) return undefined
  const ranges: ByteRange[] = []
  for (const part of parts) {
    const [, from, to] = /^[ \t]*(\d*)-(\d*)[ \t]*$/.exec(part) ?? []
    if (from === undefined || (from === '' && to === '')) return undefined
    if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined
    const first = from === '' ? Math.max(0, size - Number(to)) : Number(from)
    const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
    if (first <= last) ranges.push({ first, last })
  }
  return join(ranges)
}

function join(ranges: readonly ByteRange[]): ByteRange[] {
  const joined: ByteRange[] = []
  for (const range of ranges.toSorted((a, b) => a.first - b.first)) {
    const before = joined.at(-1)
    if (before === undefined || range.first > before.last + 1) joined.push(range)
    else joined[joined.length - 1] = { first: before.first, last: Math.max(before.last, range.last) }
  }
  return joined
}
