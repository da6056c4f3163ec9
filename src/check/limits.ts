/**
 * How much of an image is unpacked and kept. A file of a few kilobytes can stand for terabytes, or for millions of names:
 * a check comes to its verdict in less than 300 MB, and in time that grows with the bytes it reads.
 */
import type { ByteInput } from './byte-input.ts'
import { CheckError } from './errors.ts'

/** Bytes of a path, and of a name in it; a kernel takes no longer ones (path_resolution(7)). */
export const PATH_MAX = 4095
export const NAME_MAX = 255

/** Names in a path; systemd counts the root, too, to 128. */
export const DEPTH_MAX = 127

/** Bytes of the extended headers in front of an entry: libarchive takes as many (archive_read_support_format_tar.c). */
export const EXTENDED_MAX = 1024 * 1024

/** Bytes of `nix-path-registration` that are read: that of some 20,000 store paths. */
export const REGISTRATION_MAX = 16 * 1024 * 1024

/** Bytes kept of the beginnings of all scripts and texts. */
export const HEADS_MAX = 16 * 1024 * 1024

/** Paths that are kept, those of folders without an entry counted, and the bytes of their names and of symlinks' targets. */
export const PATHS_MAX = 2 ** 20
export const NAMES_MAX = 48 * 1024 * 1024

/** Names in `nix/store` that are kept. */
export const STORE_PATHS_MAX = 2 ** 17

/** Units, scripts and their links that are looked at for what a machine does when it starts. */
export const TEXTS_MAX = 2000

/** Bytes that may come out of compressed ones: so many in any case, and so many for each byte read. */
const EXPANSION_FREE = 256 * 1024 * 1024
const EXPANSION_RATIO = 1000

/** Frames or members of a compressed file: so many in any case, and one for so many bytes read. */
const PARTS_FREE = 10_000
const BYTES_PER_PART = 1024

/** Passes on what comes out of `input`. Throws `CheckError` IMAGE_UNBOUNDED where that is too much for what went in. */
export async function* limitExpansion(
  bytes: AsyncIterable<Uint8Array>,
  input: Pick<ByteInput, 'size'>,
): AsyncGenerator<Uint8Array> {
  let size = 0
  for await (const piece of bytes) {
    size += piece.length
    if (size > EXPANSION_FREE + EXPANSION_RATIO * input.size) {
      const message =
        `unpacks to more than ${EXPANSION_RATIO} times its size (${input.size} bytes to over ${size}), and is not read ` +
        'further: if it should, decompress it first, and check the tar archive'
      throw new CheckError('IMAGE_UNBOUNDED', message)
    }
    yield piece
  }
}

/** Counts the parts of compressed data. What it gives throws `CheckError` IMAGE_UNBOUNDED where they are too many. */
export function createPartLimit(name: string, input: Pick<ByteInput, 'size'>): () => void {
  let count = 0
  return () => {
    if (++count <= PARTS_FREE + input.size / BYTES_PER_PART) return
    const message =
      `has over ${count - 1} ${name} of less than ${BYTES_PER_PART} bytes each, and is not read further: compress it ` +
      'as one stream'
    throw new CheckError('IMAGE_UNBOUNDED', message)
  }
}
