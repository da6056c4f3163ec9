/** Differences of texts in unified form, in bounded time. */
import { formatPatch, OMIT_HEADERS, structuredPatch } from 'diff'

/** Bytes of a file up to which its text is looked at. */
export const TEXT_MAX = 256 * 1024

/**
 * Lines that may come and go between two texts, and lines of both. Time grows with the square of the first and with the
 * second: within these, a hostile pair takes a quarter of a second (jsdiff 9.0.0, Node 24).
 */
const EDITS_MAX = 1000
const LINES_MAX = 20_000

/** Bytes that are looked at for a NUL, as git does to tell binary files (git: xdiff-interface.c). */
const HEAD_SIZE = 8000

/** The text of a file; `undefined` if it is binary: it has a NUL near its beginning, or is no UTF-8. */
export function decodeTextFile(bytes: Uint8Array): string | undefined {
  if (bytes.subarray(0, HEAD_SIZE).includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

/** The hunks that make one text of the other; `undefined` if too much differs. */
export function unifiedDiff(before: string, after: string): string | undefined {
  if (countLines(before) + countLines(after) > LINES_MAX) return undefined
  const limits = { context: 3, maxEditLength: EDITS_MAX }
  const patch = structuredPatch('', '', before, after, undefined, undefined, limits)
  return patch && formatPatch(patch, OMIT_HEADERS).replace(/\n$/, '')
}

const STORE_DIGEST = /(?<=\/nix\/store\/)[0-9a-df-np-sv-z]{32}(?=-)/g

/** A text with the digests of store paths taken out, which change with every build. */
export function withoutDigests(text: string): string {
  return text.replace(STORE_DIGEST, '')
}

function countLines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++
  return count
}
