/** The contents of a member: bytes that follow its headers, or of a sparse file a map and bytes. */
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
  readonly headerOffset: number
  /** Bytes of the file, and those that are stored. */
  readonly size: number
  readonly stored: number
  readonly sparse: SparseFile | undefined
  /** The error of an archive that ends in the contents. */
  readonly cut: () => OpenError
}

/** Contents that are read once at most, as a whole or without holes. */
export interface MemberContents {
  whole(): AsyncGenerator<Uint8Array>
  parts(): AsyncGenerator<FilePart>
  /** Stored bytes that were not read. */
  readonly left: number
}

/** Makes the contents of the entry that was read last. */
export function createContents(entries: TarEntries, member: MemberAhead): MemberContents {
  const { name, headerOffset, size, stored, sparse, cut } = member
  const corrupt = (what: string) => new OpenError('OPEN_CORRUPT', name, what)
  let left = stored

  async function mapOf(file: SparseFile): Promise<readonly SparsePart[]> {
    const read = file.parts ? { parts: file.parts, left } : await readSparseMap(file, left, entries)
    if (!read) throw corrupt(`has an invalid map of a sparse file, at byte ${headerOffset} of its tar`)
    left = read.left
    const sum = read.parts.reduce((total, { length }) => total + length, 0)
    if (sum !== left) throw corrupt(`has a sparse file with other bytes than its map says, at ${headerOffset}`)
    return read.parts
  }

  async function* parts(): AsyncGenerator<FilePart> {
    const map = sparse ? await mapOf(sparse) : [{ offset: 0, length: size }]
    for (const { offset, length } of map) {
      for (let done = 0; done < length; ) {
        const bytes = await entries.take(Math.min(left, length - done))
        if (bytes === undefined) throw cut()
        left -= bytes.length
        yield { offset: offset + done, bytes }
        done += bytes.length
      }
    }
  }

  return {
    parts,
    whole() {
      if (!sparse) return bytesOf(parts())
      // Holes cost nothing: a few bytes may claim exabytes of them.
      if (size <= UNPACK_LIMITS.bytes + UNPACK_LIMITS.bytesPerByte * stored) return fillHoles(parts(), size)
      const what = `has a sparse file of ${size} bytes, of which ${stored} are stored: extract it instead`
      throw new OpenError('OPEN_UNBOUNDED', name, what)
    },
    get left() {
      return left
    },
  }
}

const ZEROS = new Uint8Array(64 * 1024)

/** The bytes of a file of `size` bytes, with zeros between its parts. */
async function* fillHoles(parts: AsyncIterable<FilePart>, size: number): AsyncGenerator<Uint8Array> {
  let at = 0
  const zerosTo = function* (end: number) {
    for (; at < end; at += Math.min(ZEROS.length, end - at)) yield ZEROS.subarray(0, end - at)
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
