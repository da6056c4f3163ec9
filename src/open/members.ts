/** The members of a tar archive: what its entries say, without their contents. */
import type { ByteString } from '../bytes/index.ts'
import type { ImageNode } from '../tree/index.ts'
import {
  attributesOf,
  BLOCK,
  createTarEntries,
  hasContents,
  isSparse,
  normalizePath,
  type TarEntry,
  typeOf,
} from '../untar/index.ts'
import { OpenError } from './errors.ts'
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
  /** Whether its contents are stored without holes, so that they cannot be read here. */
  readonly isSparse?: true
}

/** A part of an archive, in bytes of tar. */
export interface TarRange {
  readonly start: number
  /** Default: the end of the archive. */
  readonly end?: number
}

/** A member as it is come by. */
export interface MemberInPlace {
  readonly member: ImageMember
  /** Its contents; before the next member is asked for. */
  contents(): AsyncGenerator<Uint8Array>
}

/**
 * The members in a part of an archive, in order; it begins with a header. Importers stop at blocks of zeros, and so does this.
 * Throws `OpenError` OPEN_CORRUPT.
 */
export async function* readMembers(
  tar: TarBytes,
  name: string,
  { start, end }: TarRange,
): AsyncGenerator<MemberInPlace> {
  const cut = () => new OpenError('OPEN_CORRUPT', name, problemOf('cut', start + entries.offset))
  const input = createSeekingInput(tar, start, end)
  const entries = createTarEntries(input)
  try {
    for (;;) {
      const headerOffset = start + entries.offset
      const entry = await entries.next()
      if ('kind' in entry) {
        if (entry.kind === 'zeros' || (entry.kind === 'end' && headerOffset > 0)) return
        throw new OpenError('OPEN_CORRUPT', name, problemOf(entry.kind, start + entries.offset))
      }
      const size = entry.size > 0 && !(await hasContents(entry, entries)) ? 0 : entry.size
      if (entry.header.isMapContinued) await entries.skipMap()
      const contentsOffset = start + entries.offset
      let left = size
      yield {
        member: memberOf(entry, { size, headerOffset, contentsOffset }),
        async *contents() {
          for (; left > 0; ) {
            const piece = await entries.take(left)
            if (piece === undefined) throw cut()
            left -= piece.length
            yield piece
          }
        },
      }
      const padding = Math.ceil(size / BLOCK) * BLOCK - size
      if (!(await entries.skip(left + padding))) throw cut()
    }
  } finally {
    await input.close()
  }
}

function memberOf(entry: TarEntry, place: Pick<ImageMember, 'size' | 'headerOffset' | 'contentsOffset'>): ImageMember {
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
    ...(isSparse(entry) && { isSparse: true as const }),
  }
}

function problemOf(kind: string, offset: number): string {
  return kind === 'no-header'
    ? `is no tar archive, or is damaged: what should be a header at byte ${offset} of the tar is none`
    : `is cut off: its tar ends at byte ${offset}, in the middle of an entry`
}
