import { aboutUrl, describeUrl } from '../describe-url.ts'
import { NspawnRootfsError, nameErrors, type OpenCode } from '../nspawn-rootfs-error.ts'

/** Faults of a file that should hold a NAR. */
export type NarFileErrorCode =
  /** There is no such file. */
  | 'NAR_FILE_MISSING'
  /** The network, a server or a disk does not give it. */
  | 'NAR_FILE_UNREADABLE'
  /** It is damaged: its hash, or that of the NAR in it, is another one than stated. */
  | 'NAR_FILE_MISMATCH'
  /** It cannot be unpacked, or what comes out is no NAR, or one of another length. */
  | 'NAR_FILE_CORRUPT'
  /** The NAR is not what the store path's content address names. */
  | 'CONTENT_MISMATCH'
  /** It is compressed in a way that nothing here unpacks. */
  | 'COMPRESSION_UNSUPPORTED'

/** A packed store path that cannot be had. */
export class NarFileError extends NspawnRootfsError<OpenCode<NarFileErrorCode>> {
  /** The store path. */
  readonly path: string
  /** URL of the file, as messages show it. */
  readonly url: string
  /** The fault. */
  readonly reason: string
  /** The faults of the other places that were tried, each with its URL in front. */
  readonly elsewhere: readonly string[]
  /** Whether the file may be had another time. */
  readonly transient: boolean

  constructor(
    code: NarFileErrorCode,
    path: string,
    url: string,
    reason: string,
    options: ErrorOptions & { readonly elsewhere?: readonly string[] } = {},
  ) {
    const { elsewhere = [], ...rest } = options
    const others = elsewhere.length > 0 ? '; no other place has it:' : ''
    super(code, [`${path}: ${aboutUrl(url, reason)}${others}`, ...elsewhere.map(line => `  ${line}`)], rest)
    this.path = path
    this.url = describeUrl(url)
    this.reason = reason
    this.elsewhere = elsewhere
    this.transient = (options.cause as { transient?: boolean } | undefined)?.transient ?? false
  }
}

nameErrors(NarFileError, 'NarFileError')

/** The error about a store path that no place has whole, by the faults of the places. */
export function nowhere([first, ...others]: readonly NarFileError[]): NarFileError {
  if (others.length === 0) return first
  const { code, path, url, reason } = first
  const lines = others.flatMap(other => [aboutUrl(other.url, other.reason), ...other.elsewhere])
  return new NarFileError(code as NarFileErrorCode, path, url, reason, {
    cause: first,
    elsewhere: [...first.elsewhere, ...lines],
  })
}
