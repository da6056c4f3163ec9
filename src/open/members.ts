/** The members of a tar archive: what its entries say, without their contents. */
import type { ByteString } from '../bytes/index.ts'
import { OpenError } from '../image-source/index.ts'
import { tarPadding } from '../tar/index.ts'
import type { ImageNode } from '../tree/index.ts'
import {
  attributesOf,
  createTarEntries,
  hasContents,
  normalizePath,
  readSparseFile,
  type TarEntry,
  type TarObserver,
  typeOf,
} from '../untar/index.ts'
import { createContents, type FilePart } from './member-contents.ts'
import { createSeekingInput } from './seeking-input.ts'
import type { TarBytes } from './tar-bytes.ts'

/** An entry of an image. */
export interface ImageMember {
  /** As it is unpacked: without `/` in front or behind. The root is ''. */
  readonly path: ByteString
  readonly type: ImageNode['type']
  /** Permission bits. */
  readonly mode: number
  /** Owner and group. */
  readonly uid: number
  readonly gid: number
  /** Time of the last change in seconds since 1970. */
  readonly mtime: number
  /** Bytes of a file, else 0. */
  readonly size: number
  /** Where a symlink leads, or the file that a hard link is another name of, as it is stored. */
  readonly target?: ByteString
  /** The numbers of a device. */
  readonly device?: { readonly major: number; readonly minor: number }
  /** Where its headers begin in the tar, and its contents. */
  readonly headerOffset: number
  readonly contentsOffset: number
  /** Whether it is a file whose holes are not stored: fewer bytes may follow its headers than it has. */
  readonly isSparse?: true
  /** Whether it has extended attributes or access control lists. */
  readonly hasAttributes?: true
}

/** A part of an archive, in bytes of tar. */
export interface TarRange {
  readonly start: number
  /** Default: the end of the archive. */
  readonly end?: number
  /** Where the headers of the last member begin that is wanted. Default: all are. */
  readonly last?: number
}

/** A member as it is come by. */
export interface MemberInPlace {
  readonly member: ImageMember
  /**
   * Its contents, once, before the next member is asked for; else throws `TypeError`. The memory of a piece is only lent until
   * the next one is asked for, and may be shared.
   */
  contents(): AsyncGenerator<Uint8Array>
  /** The same without holes, in place of it. */
  parts(): AsyncGenerator<FilePart>
}

/** Extended attributes and access control lists, in pax records of GNU tar and libarchive. */
const ATTRIBUTE = /^(SCHILY\.(xattr|acl)|LIBARCHIVE\.xattr|RHT\.security)\./

/**
 * The members in a part of an archive, in order; it begins with a header. GNU tar stops at blocks of zeros, and so does this:
 * what lies behind, which systemd up to 258 unpacks, too, is a finding of `check`. `observer` is told of extended headers. With
 * `onlyHeaders` contents are passed over; checks are not verified. Throws `OpenError` OPEN_CORRUPT.
 */
export async function* readMembers(
  tar: TarBytes,
  name: string,
  { start, end, last = Number.POSITIVE_INFINITY }: TarRange,
  { onlyHeaders = false, ...observer }: TarObserver & { readonly onlyHeaders?: boolean } = {},
): AsyncGenerator<MemberInPlace> {
  const corrupt = (what: string) => new OpenError('OPEN_CORRUPT', name, what)
  const cut = () => corrupt(problemOf('cut', start + entries.offset))
  const input = createSeekingInput(tar, { start, end, onlyHeaders })
  const entries = createTarEntries(input, observer)
  try {
    for (;;) {
      const headerOffset = start + entries.offset
      if (headerOffset > last) return
      const entry = await entries.next()
      if ('kind' in entry) {
        if (entry.kind === 'zeros' || (entry.kind === 'end' && headerOffset > 0)) return
        throw corrupt(problemOf(entry.kind, start + entries.offset))
      }
      const stored = entry.size > 0 && !(await hasContents(entry, entries)) ? 0 : entry.size
      const sparse = typeOf(entry) === 'file' ? await readSparseFile(entry, entries) : undefined
      if (sparse === null) throw corrupt(`has an invalid map of a sparse file, at byte ${headerOffset} of its tar`)
      const contentsOffset = start + entries.offset
      const size = sparse?.size ?? stored
      const contents = createContents(entries, {
        name,
        path: normalizePath(entry.path),
        headerOffset,
        size,
        stored,
        sparse,
        cut,
      })
      const member = memberOf(entry, { size, headerOffset, contentsOffset }, sparse !== undefined)
      yield { member, contents: contents.whole, parts: contents.parts }
      const rest = contents.end() + tarPadding(stored)
      if (rest > 0 && !(await entries.skip(rest))) throw cut()
    }
  } finally {
    await input.close()
  }
}

type Place = Pick<ImageMember, 'size' | 'headerOffset' | 'contentsOffset'>

function memberOf(entry: TarEntry, place: Place, isSparse: boolean): ImageMember {
  const { header, target } = entry
  const type = typeOf(entry)
  const { major = 0, minor = 0 } = header
  return {
    path: normalizePath(entry.path),
    type,
    ...attributesOf(entry),
    ...place,
    ...((type === 'symlink' || type === 'hardlink') && { target }),
    ...((type === 'character-device' || type === 'block-device') && { device: { major, minor } }),
    ...(isSparse && { isSparse: true as const }),
    ...(entry.isPax && Object.keys(entry.pax).some(key => ATTRIBUTE.test(key)) && { hasAttributes: true as const }),
  }
}

function problemOf(kind: string, offset: number): string {
  return kind === 'no-header'
    ? `is not a tar archive, or is damaged: there is no tar header at byte ${offset}`
    : `is cut off: its tar ends at byte ${offset}, in the middle of an entry`
}
