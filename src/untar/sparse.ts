/**
 * Sparse files, whose holes are not stored (GNU tar, "Storing Sparse Files"). A map tells where the stored bytes belong:
 *
 *     old GNU  type S; in the header 4 pairs at byte 386, whether more follow at 482, the size of the file at 483;
 *              then blocks with 21 pairs each, and at 504 whether another one follows
 *     pax 0.0  records GNU.sparse.size, GNU.sparse.offset and GNU.sparse.numbytes, a pair for each part
 *     pax 0.1  records GNU.sparse.size and GNU.sparse.map, numbers with commas between them
 *     pax 1.0  record GNU.sparse.realsize; the contents begin with decimal lines: how many pairs, and the pairs; padded to
 *              a block
 *
 * A pair is an offset in the file, and a number of bytes.
 */
import { TAR_BLOCK_SIZE } from '../tar/index.ts'
import type { TarEntries, TarEntry } from './entries.ts'
import { numberField } from './header.ts'

/** Bytes of a file that are stored, one after the other. */
export interface SparsePart {
  readonly offset: number
  readonly length: number
}

/** A file whose holes are not stored. */
export interface SparseFile {
  /** Bytes of the file with its holes. */
  readonly size: number
  /** The map; `undefined` if it is at the beginning of the contents. */
  readonly parts: readonly SparsePart[] | undefined
}

/** Parts of a file that are kept: a map of more is taken to be wrong. */
const PARTS_MAX = 2 ** 20

const PAIR_SIZE = 24
const PAIRS_IN_HEADER = 4
const PAIRS_IN_BLOCK = 21

/** Bytes of a line in a map: those of the largest number, and more. */
const LINE_MAX = 24

/**
 * Reads what stands in front of the contents of an entry that is a file: `undefined` if that is not sparse, `null` if its map
 * cannot be read.
 */
export async function readSparseFile(entry: TarEntry, entries: TarEntries): Promise<SparseFile | null | undefined> {
  const { header, pax } = entry
  if (header.sparse) {
    const parts = pairsOf(header.sparse, PAIRS_IN_HEADER)
    for (let isMore = header.isMapContinued; isMore; ) {
      const block = await takeBlock(entries)
      if (block === undefined || parts.length > PARTS_MAX) return null
      parts.push(...pairsOf(block, PAIRS_IN_BLOCK))
      isMore = block[PAIRS_IN_BLOCK * PAIR_SIZE] !== 0
    }
    return checked(numberField(header.sparse, header.sparse.length - 12, 12), parts)
  }
  if (pax['GNU.sparse.major'] === '1') {
    const size = Number(pax['GNU.sparse.realsize'])
    return Number.isSafeInteger(size) && size >= 0 ? { size, parts: undefined } : null
  }
  const map = pax['GNU.sparse.map']
  if (map === undefined) return undefined
  const numbers = map.split(',', 2 * PARTS_MAX + 1).map(Number)
  const parts = Array.from({ length: Math.ceil(numbers.length / 2) }, (_, i) => ({
    offset: numbers[2 * i],
    length: numbers[2 * i + 1] ?? 0,
  }))
  return checked(Number(pax['GNU.sparse.size']), map === '' ? [] : parts)
}

/**
 * Reads the map at the beginning of contents of `length` bytes, and what is left of them then; `undefined` if it cannot be
 * read.
 */
export async function readSparseMap(
  { size }: SparseFile,
  length: number,
  entries: TarEntries,
): Promise<{ readonly parts: readonly SparsePart[]; readonly left: number } | undefined> {
  let left = length
  let text = ''
  let at = 0
  /** The next line, as a number. */
  const next = async () => {
    for (;;) {
      const end = text.indexOf('\n', at)
      if (end >= 0) {
        const line = text.slice(at, end)
        at = end + 1
        return /^\d{1,20}$/.test(line) ? Number(line) : Number.NaN
      }
      if (text.length - at > LINE_MAX || left < TAR_BLOCK_SIZE) return Number.NaN
      const block = await takeBlock(entries)
      if (block === undefined) return Number.NaN
      left -= TAR_BLOCK_SIZE
      text = text.slice(at) + block.toString('latin1')
      at = 0
    }
  }
  const count = await next()
  if (!(count <= PARTS_MAX)) return undefined
  const parts: SparsePart[] = []
  for (let i = 0; i < count; i++) parts.push({ offset: await next(), length: await next() })
  return checked(size, parts) === null ? undefined : { parts, left }
}

async function takeBlock(entries: TarEntries): Promise<Buffer | undefined> {
  const block = Buffer.alloc(TAR_BLOCK_SIZE)
  for (let at = 0; at < TAR_BLOCK_SIZE; ) {
    const piece = await entries.take(TAR_BLOCK_SIZE - at)
    if (piece === undefined) return undefined
    block.set(piece, at)
    at += piece.length
  }
  return block
}

function pairsOf(bytes: Uint8Array, count: number): SparsePart[] {
  const pairs: SparsePart[] = []
  for (let i = 0; i < count; i++) {
    const at = i * PAIR_SIZE
    const offset = numberField(bytes, at, 12) ?? Number.NaN
    const length = numberField(bytes, at + 12, 12) ?? Number.NaN
    // A pair of nothing fills up.
    if (offset !== 0 || length !== 0) pairs.push({ offset, length })
  }
  return pairs
}

/** A map whose parts follow each other within the file; `null` for any other. */
function checked(
  size: number | undefined,
  parts: readonly SparsePart[],
): { size: number; parts: readonly SparsePart[] } | null {
  if (size === undefined || !Number.isSafeInteger(size) || size < 0) return null
  let end = 0
  for (const { offset, length } of parts) {
    const areNumbers = Number.isSafeInteger(offset) && Number.isSafeInteger(length)
    if (!areNumbers || offset < end || length < 0 || offset + length > size) return null
    end = offset + length
  }
  return { size, parts }
}
