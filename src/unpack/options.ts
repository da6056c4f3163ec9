import type { Compression } from './compression.ts'
import type { UnpackLimits } from './limits.ts'

/** What an unpacker notices that is no error by itself. */
export type UnpackEvent =
  /** Another gzip member or bzip2 stream begins; the number of the second is 2. */
  | { readonly kind: 'part'; readonly number: number }
  /**
   * Bytes that do not belong to the file follow the last part of xz, gzip, bzip2 or lzip. `isPadding` if they are zeros, which
   * gzip and lzip ignore; zeros that pad xz belong to it. Behind LZMA they are not noticed; behind the others they are an error.
   */
  | { readonly kind: 'trailing'; readonly size: number; readonly isPadding?: boolean }
  /** The IDs of the filters in an .xz file, at its end. */
  | { readonly kind: 'xz-filters'; readonly ids: ReadonlySet<number> }

/** How bytes are unpacked. */
export interface UnpackOptions {
  readonly compression: Compression
  /** Absent: anything may come out. */
  readonly limits?: UnpackLimits
  /** Called with each event before the bytes behind it are given. If it throws, unpacking ends with that error. */
  readonly onEvent?: (event: UnpackEvent) => void
  /** Bytes of an xz dictionary that are kept, whatever the file says: `dictionaryMax` of `createXzDecoder`. */
  readonly dictionaryMax?: number
  /** Whether the checks of xz data are verified: callers who compare a hash of the data need none. Default true. */
  readonly verifyData?: boolean
  /** Bytes that should come out, if that is known: an LZMA dictionary takes no more memory than these need. */
  readonly size?: number
}
