/**
 * Checks tar bytes that were made before. Their entries are packed again, as a store path is: this gives a NAR hash and tar
 * bytes to compare with. So owners and set-user-ID bits are checked, too, which a NAR does not have: only the bytes that packing
 * yields pass.
 */
import { type ByteString, decodeByteString, encodeText } from '../bytes/index.ts'
import type { StoreSegment } from '../plan/index.ts'
import { TAR_BLOCK_SIZE, tarPaddedSize, tarPadding } from '../tar/index.ts'
import { isExecutable } from '../tree/index.ts'
import { decodeTarHeader } from '../untar/index.ts'
import { createSegmentPacker, type SegmentPacker } from './segment-packer.ts'

/** Checks the tar bytes of a few segments. */
export interface SegmentCheck {
  /** Takes the next bytes, and returns whether all is right so far; once it is not, the rest does not matter. */
  push(bytes: Uint8Array): boolean
  /** Whether the bytes were all those of the segments. */
  end(): boolean
}

/** A segment, and how many bytes of tar it is to have. */
export interface ClaimedSegment {
  readonly segment: StoreSegment
  readonly tarSize: number
}

/** Begins to check segments whose tar bytes follow one another. */
export function createSegmentCheck(claims: readonly ClaimedSegment[]): SegmentCheck {
  let fresh: Uint8Array = new Uint8Array(0)
  /** Gives up to `size` of the next bytes, as soon as there are some. */
  function* takeSome(size: number): Walk<Uint8Array> {
    while (fresh.length === 0) fresh = yield
    const bytes = fresh.subarray(0, size)
    fresh = fresh.subarray(bytes.length)
    return bytes
  }
  const walk = walkSegments(claims, takeSome)
  let state: 'going' | 'right' | 'wrong' = 'going'
  const go = (bytes: Uint8Array) => {
    try {
      if (walk.next(bytes).done) state = fresh.length === 0 ? 'right' : 'wrong'
    } catch (error) {
      // The packer refuses entries that make no NAR with errors of its own.
      if (!(error instanceof Error)) throw error
      state = 'wrong'
    }
  }
  go(fresh)
  return {
    push(bytes) {
      if (state === 'going') go(bytes)
      else if (bytes.length > 0) state = 'wrong'
      return state !== 'wrong'
    },
    end: () => state === 'right',
  }
}

type Walk<T> = Generator<void, T, Uint8Array>
type Take = (size: number) => Walk<Uint8Array>

/** More than a header with long names, and than the padding behind a piece of contents. */
const SCRATCH_SIZE = 128 * 1024
const CONTENTS_MAX = 64 * 1024

/** Bytes that a long name may have: that of a path, with its NUL. */
const LONG_MAX = 4096 + 512

function* walkSegments(claims: readonly ClaimedSegment[], takeSome: Take): Walk<void> {
  for (const { segment, tarSize } of claims) yield* walkSegment(segment, tarSize, takeSome)
}

function* walkSegment({ path, narHash, narSize }: StoreSegment, tarSize: number, takeSome: Take): Walk<void> {
  const top = encodeText(path.path.slice(1))
  const scratch = new Uint8Array(SCRATCH_SIZE)
  let filled = 0
  const packer = createSegmentPacker(top, {
    room: () => scratch.subarray(filled),
    advance(length) {
      filled += length
    },
    end() {},
  })
  const directories: ByteString[] = []
  let left = tarSize

  function* take(size: number): Walk<Uint8Array> {
    if (size > left) throw new Error('the segment ends here')
    left -= size
    const bytes = new Uint8Array(size)
    for (let at = 0; at < size; ) {
      const part = yield* takeSome(size - at)
      bytes.set(part, at)
      at += part.length
    }
    return bytes
  }
  const compare = (start: number, bytes: Uint8Array) => {
    if (Buffer.compare(scratch.subarray(start, filled), bytes) !== 0) throw new Error('packed, it is other bytes')
    filled = 0
  }

  do {
    const header = yield* takeHeader(take)
    enter(header.path, { top, directories, packer })
    if (header.type === 'directory') {
      packer.directory()
      directories.push(header.path)
    } else if (header.type === 'symlink') packer.symlink(header.target)
    else packer.regular(header.executable, header.size)
    compare(0, header.bytes)
    if (header.type !== 'file') continue
    for (let size = header.size; size > 0; ) {
      const part = yield* takeSome(Math.min(size, left, CONTENTS_MAX))
      if (part.length === 0) throw new Error('the segment ends within a file')
      left -= part.length
      size -= part.length
      packer.room().set(part)
      packer.advance(part.length)
      if (size > 0) filled = 0
      else compare(part.length, yield* take(tarPadding(header.size)))
    }
  } while (left > 0)
  for (const _ of directories) packer.endDirectory()
  const found = packer.end()
  if (found.narHash !== narHash || found.narSize !== narSize) throw new Error('it has another NAR hash')
}

/** Leaves directories until the entry at `path` can be made. */
function enter(
  path: ByteString,
  { top, directories, packer }: { top: ByteString; directories: ByteString[]; packer: SegmentPacker },
): void {
  if (directories.length === 0) {
    // Behind a store path that is one file, the packer refuses any entry.
    if (path !== top) throw new Error('it begins with another path')
    return
  }
  while (directories.length > 1 && !path.startsWith(`${directories.at(-1)}/`)) {
    directories.pop()
    packer.endDirectory()
  }
  const parent = `${directories.at(-1)}/`
  if (!path.startsWith(parent)) throw new Error('a path lies elsewhere')
  packer.entry(path.slice(parent.length))
}

/** The header of an entry with the long names in front of it. */
interface EntryHeader {
  readonly bytes: Uint8Array
  readonly type: 'file' | 'directory' | 'symlink'
  readonly path: ByteString
  readonly target: ByteString
  readonly size: number
  readonly executable: boolean
}

const TYPES: Readonly<Record<string, EntryHeader['type']>> = { '0': 'file', '2': 'symlink', '5': 'directory' }

/** Reads a header as a packer writes it. If it misreads another one, the comparison of bytes fails. */
function* takeHeader(take: Take): Walk<EntryHeader> {
  const parts: Uint8Array[] = []
  const names: Record<string, ByteString> = {}
  for (;;) {
    const block = yield* take(TAR_BLOCK_SIZE)
    parts.push(block)
    const header = decodeTarHeader(block)
    const size = header?.size ?? 0
    if (
      header &&
      (header.typeflag === 'L' || header.typeflag === 'K') &&
      size > 0 &&
      size <= LONG_MAX &&
      parts.length < 5
    ) {
      const text = yield* take(tarPaddedSize(size))
      parts.push(text)
      names[header.typeflag] = decodeByteString(text, 0, size - 1)
      continue
    }
    const type = header && TYPES[header.typeflag]
    if (!type) throw new Error('it is no entry of a store path')
    const path = names.L ?? header.path
    return {
      bytes: Buffer.concat(parts),
      type,
      path: type === 'directory' ? path.replace(/\/$/, '') : path,
      target: names.K ?? header.linkname,
      size,
      executable: isExecutable(header.mode ?? 0),
    }
  }
}
