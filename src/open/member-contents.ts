/** The contents of a member: bytes that follow its headers, or of a sparse file a map and bytes. */
import { type ByteString, decodeText } from '../bytes/index.ts'
import { OpenError } from '../image-source/index.ts'
import { UNPACK_LIMITS } from '../unpack/index.ts'
import { readSparseMap, type SparseFile, type SparsePart, type TarEntries } from '../untar/index.ts'

/** Bytes of a file, by where they belong in it: zeros lie between them. The memory is only lent. */
export interface FilePart {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** A member whose contents come next. */
export interface MemberAhead {
  /** The image, for messages. */
  readonly name: string
  /** Its path, for messages, too. */
  readonly path: ByteString
  readonly headerOffset: number
  /** Bytes of the file, and those that are stored. */
  readonly size: number
  readonly stored: number
  readonly sparse: SparseFile | undefined
  /** The error of an archive that ends in the contents. */
  readonly cut: () => OpenError
}

/** Contents that are read once at most, as a whole or without holes, before {@link MemberContents.end}. */
export interface MemberContents {
  whole(): AsyncGenerator<Uint8Array>
  parts(): AsyncGenerator<FilePart>
  /** Says that the archive is read on behind them: returns how many stored bytes are left. */
  end(): number
}

/** Makes the contents of the entry that was read last. */
export function createContents(entries: TarEntries, member: MemberAhead): MemberContents {
  const { name, path, headerOffset, size, stored, sparse, cut } = member
  const corrupt = (what: string) => new OpenError('OPEN_CORRUPT', name, what)
  const misuse = (what: string) =>
    new TypeError(`/${decodeText(path)}: ${what}; contents() of the image reads it any time`)
  let left = stored
  let isBegun = false
  let isReading = false
  let isOver = false

  /** Another call would go on in the middle, or behind. */
  function begin(): AsyncGenerator<FilePart> {
    if (isOver) throw misuse('its contents can be read only until the next entry is asked for')
    if (isBegun) throw misuse('its contents can be read only once')
    isBegun = true
    return parts()
  }

  /** Reads on in the archive, if nobody else has. */
  async function read<T>(reading: () => Promise<T>): Promise<T> {
    if (isOver) throw misuse('the next entry was asked for before its contents were read')
    isReading = true
    try {
      return await reading()
    } finally {
      isReading = false
    }
  }

  async function mapOf(file: SparseFile): Promise<readonly SparsePart[]> {
    const found = file.parts ? { parts: file.parts, left } : await read(() => readSparseMap(file, left, entries))
    if (!found) throw corrupt(`has an invalid map of a sparse file, at byte ${headerOffset} of its tar`)
    left = found.left
    const sum = found.parts.reduce((total, { length }) => total + length, 0)
    if (sum !== left) throw corrupt(`has a sparse file with other bytes than its map says, at ${headerOffset}`)
    return found.parts
  }

  async function* parts(): AsyncGenerator<FilePart> {
    const map = sparse ? await mapOf(sparse) : [{ offset: 0, length: size }]
    for (const { offset, length } of map) {
      for (let done = 0; done < length; ) {
        const bytes = await read(() => entries.take(Math.min(left, length - done)))
        if (bytes === undefined || bytes.length === 0) throw cut()
        left -= bytes.length
        yield { offset: offset + done, bytes }
        done += bytes.length
      }
    }
  }

  return {
    parts: begin,
    whole() {
      if (!sparse) return bytesOf(begin())
      // Holes cost nothing: a few bytes may claim exabytes of them.
      if (size <= UNPACK_LIMITS.bytes + UNPACK_LIMITS.bytesPerByte * stored) return fillHoles(begin(), size)
      const what = `has a sparse file of ${size} bytes, of which ${stored} are stored: extract it instead`
      throw new OpenError('OPEN_UNBOUNDED', name, what)
    },
    end() {
      if (isReading) throw misuse('the next entry was asked for while its contents were read')
      isOver = true
      return left
    },
  }
}

/** Bytes of a hole that are given at a time. */
const HOLE_SIZE = 64 * 1024

/** The bytes of a file of `size` bytes, with zeros between its parts. */
async function* fillHoles(parts: AsyncIterable<FilePart>, size: number): AsyncGenerator<Uint8Array> {
  let at = 0
  const zerosTo = function* (end: number) {
    // New ones, because readers may write into them.
    for (; at < end; at += Math.min(HOLE_SIZE, end - at)) yield new Uint8Array(Math.min(HOLE_SIZE, end - at))
  }
  for await (const { offset, bytes } of parts) {
    yield* zerosTo(offset)
    yield bytes
    at = offset + bytes.length
  }
  yield* zerosTo(size)
}

async function* bytesOf(parts: AsyncIterable<FilePart>): AsyncGenerator<Uint8Array> {
  for await (const { bytes } of parts) yield bytes
}
