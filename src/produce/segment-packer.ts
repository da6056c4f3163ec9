import { type ByteString, joinPath } from '../bytes/index.ts'
import { createNarHasher } from '../nar-hasher.ts'
import type { NarHash } from '../nix/index.ts'
import type { RingProducer } from '../pool/index.ts'
import { type ContentsSink, STORE_DIRECTORY, storeFileMode } from '../store/index.ts'
import { encodeTarHeader, type TarEntry, tarHeaderSize, tarPadding, writeTarHeader, writeZeros } from '../tar/index.ts'

/** Permission bits of every symlink on Linux. */
const SYMLINK_MODE = 0o777

/** Turns the contents of one store path into tar bytes and, from the very same bytes, into its NAR hash. */
export interface SegmentPacker extends ContentsSink {
  /** Ends the store path: the hash and size of its NAR, and the size of its tar entries. */
  end(): { narHash: NarHash; narSize: number; tarSize: number }
}

/**
 * Where tar bytes go: pieces of one size, filled one after the other. A piece is a multiple of a tar block, and so are
 * headers and padded contents: no header of a single block is ever cut.
 */
export interface PieceWriter {
  /** What is left of the current piece, never empty: a full one is handed over first. */
  room(): Uint8Array
  /** That many bytes have been written into {@link room}. */
  advance(length: number): void
  /** Hands over what the current piece holds, if only nothing, as the last of its batch. */
  end(): void
}

/**
 * Fills slots of a ring with `pieceSize` bytes each. `mark` is asked at every hand-over which number goes with the piece; the last
 * piece of a batch carries it as its complement (`~mark`).
 */
export function createPieceWriter(ring: RingProducer, pieceSize: number, mark: () => number): PieceWriter {
  let piece = ring.space().subarray(0, pieceSize)
  let filled = 0
  return {
    room() {
      if (filled === piece.length) {
        ring.commit(filled, mark())
        piece = ring.space().subarray(0, pieceSize)
        filled = 0
      }
      return piece.subarray(filled)
    },
    advance(length) {
      filled += length
    },
    end() {
      ring.commit(filled, ~mark())
    },
  }
}

/** Packs the store path that stands at `path` (relative) in the image. */
export function createSegmentPacker(path: ByteString, pieces: PieceWriter): SegmentPacker {
  const nar = createNarHasher()
  const directories: ByteString[] = []
  let current = path
  let room: Uint8Array = new Uint8Array(0)
  let fileLeft = 0
  let filePadding = 0
  let tarSize = 0

  const advance = (length: number) => {
    pieces.advance(length)
    tarSize += length
  }
  const header = (entry: TarEntry) => {
    const size = tarHeaderSize(entry)
    const target = pieces.room()
    if (size <= target.length) {
      writeTarHeader(target, 0, entry)
      advance(size)
    } else copy(encodeTarHeader(entry))
  }
  const copy = (bytes: Uint8Array) => {
    for (let at = 0; at < bytes.length; ) {
      const target = pieces.room()
      const part = bytes.subarray(at, at + target.length)
      target.set(part)
      advance(part.length)
      at += part.length
    }
  }
  const endFile = () => {
    if (filePadding > 0) {
      writeZeros(pieces.room(), 0, filePadding)
      advance(filePadding)
    }
  }

  return {
    directory() {
      header({ type: 'directory', path: current, mode: STORE_DIRECTORY.mode })
      nar.directory()
      directories.push(current)
    },
    entry(name) {
      nar.entry(name)
      current = joinPath(directories[directories.length - 1], name)
    },
    endDirectory() {
      nar.endDirectory()
      directories.pop()
    },
    symlink(target) {
      header({ type: 'symlink', path: current, mode: SYMLINK_MODE, linkname: target })
      nar.symlink(target)
    },
    regular(executable, size) {
      header({ type: 'file', path: current, mode: storeFileMode(executable), size })
      nar.regular(executable, size)
      fileLeft = size
      filePadding = tarPadding(size)
    },
    room() {
      room = pieces.room()
      return room
    },
    advance(length) {
      nar.data(room.subarray(0, length))
      advance(length)
      fileLeft -= length
      if (fileLeft === 0) endFile()
    },
    end() {
      return { ...nar.end(), tarSize }
    },
  }
}
