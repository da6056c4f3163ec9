import { type ErrorText, NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/** Faults of a binary cache, or of its record of a store path. */
export type CacheErrorCode =
  /** No binary cache is there, or one of another store. */
  | 'CACHE_INVALID'
  /** It cannot be reached, or answers with a fault. */
  | 'CACHE_UNREADABLE'
  /** No cache has the store path. */
  | 'PATH_NOT_CACHED'
  /** The narinfo is malformed, or that of another store path. */
  | 'CACHED_NARINFO_INVALID'
  /** A closure has more store paths, or longer narinfos, than any that is real. */
  | 'CLOSURE_TOO_LARGE'
  /** No trusted key has signed the store path. */
  | 'PATH_UNTRUSTED'

/** A binary cache that is not one, or a store path that cannot be taken from it. */
export class CacheError extends NspawnRootfsError<OpenCode<CacheErrorCode>> {
  /** URL of the cache or the file in it. */
  readonly url: string
  /** The store path in question, if it is about one. */
  readonly path: string | undefined
  /** Whether the cache may answer another time. */
  readonly transient: boolean

  constructor(code: CacheErrorCode, url: string, path: string | undefined, message: ErrorText, options?: ErrorOptions) {
    super(code, message, options)
    this.url = url
    this.path = path
    this.transient = (options?.cause as { transient?: boolean } | undefined)?.transient ?? false
  }

  /** The message without the store path and the URL in front. */
  get reason(): string {
    return [this.path, this.url].reduce<string>(
      (text, name) => (name !== undefined && text.startsWith(`${name}: `) ? text.slice(name.length + 2) : text),
      this.message,
    )
  }
}

nameErrors(CacheError, 'CacheError')
