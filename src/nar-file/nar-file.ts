import type { NarHash, StorePath } from '../nix/index.ts'

/** A file, or a stretch of one, that holds the NAR of a store path. Plain data: it is posted to workers. */
export interface NarFile {
  /** `file:`, `http:` or `https:`. */
  readonly url: string
  /** Where the NAR begins in the file, and how long it is there. Absent: it is the whole file. */
  readonly stretch?: { readonly offset: number; readonly size: number }
  /** Its stated compression, by the name in a narinfo. */
  readonly compression: string
  /** SHA-256 of the compressed bytes, if the source says. A hint: nobody signs for it. */
  readonly fileHash?: NarHash
  /** Number of compressed bytes, if the source says. A hint, too. */
  readonly fileSize?: number
  /** Whether a public cache says that it is on another server. It is then at no address of this machine or its link. */
  readonly isElsewhere?: boolean
}

/** The store path of a NAR file, as far as its reader needs it. */
export interface NarSubject {
  readonly path: StorePath
  /** Bytes of the NAR; `undefined` if that is to be found out. */
  readonly narSize: number | undefined
}

/**
 * Most bytes that a file may have: as many as a compression may add to the NAR. The size in the narinfo does not count: it is
 * unsigned, and caches that compress files again pass on the size of the original.
 */
export function fileLimit({ narSize = Infinity }: NarSubject): number {
  return Math.min(narSize + Math.ceil(narSize / 100) + 64 * 1024, Number.MAX_SAFE_INTEGER)
}
