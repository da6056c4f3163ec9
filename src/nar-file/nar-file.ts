import type { NarCompression, NarHash, StorePath } from '../nix/index.ts'

/** A file, or a stretch of one, that holds the NAR of a store path. Plain data: it is posted to workers. */
export interface NarFile {
  /** `file:`, `http:` or `https:`. */
  readonly url: string
  /** Where the NAR begins in the file, and how long it is there. Absent: it is the whole file. */
  readonly stretch?: { readonly offset: number; readonly size: number }
  readonly compression: NarCompression
  /** SHA-256 of the compressed bytes, if the source says. */
  readonly fileHash?: NarHash
  /** Number of compressed bytes, if the source says. */
  readonly fileSize?: number
}

/** The store path that a NAR file is about, as far as reading it needs to know. */
export interface NarSubject {
  readonly path: StorePath
  /** Bytes of the NAR; `undefined` for whoever wants to find that out. */
  readonly narSize: number | undefined
}

/**
 * Most bytes that a file may have: what it says, but no more than a compression may add to the NAR. For nobody signs for
 * what is said of the file, and with it alone a cache could have any amount of bytes fetched, and held.
 */
export function fileLimit({ fileSize = Infinity }: NarFile, { narSize = Infinity }: NarSubject): number {
  return Math.min(fileSize, narSize + Math.ceil(narSize / 100) + 64 * 1024, Number.MAX_SAFE_INTEGER)
}
