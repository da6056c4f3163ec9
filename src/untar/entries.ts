/** The entries of a tar archive: headers with the extended headers in front of them, and what follows each. */
import { type ByteString, decodeByteString } from '../bytes/index.ts'
import { TAR_BLOCK_SIZE, tarPaddedSize } from '../tar/index.ts'
import type { ByteInput } from '../unpack/index.ts'
import { decodeTarHeader, type TarHeader } from './header.ts'
import { PAX_NAMES, type PaxHeader, type PaxRecords, parsePaxHeader } from './pax.ts'

/** Bytes of the extended headers in front of an entry: libarchive takes as many (archive_read_support_format_tar.c). */
export const EXTENDED_MAX = 1024 * 1024

/** An entry whose contents have not been read yet. */
export interface TarEntry {
  readonly header: TarHeader
  /** From the header, or from an extended header in front of it. */
  readonly path: ByteString
  readonly target: ByteString
  /** The records of pax headers that are about this entry; names end at the first NUL. */
  readonly pax: PaxRecords
  /** Whether the target is from an extended header. */
  readonly isTargetExtended: boolean
  /** Bytes that the header says it has. */
  readonly size: number
  /** Whether a pax header came in front of it, or of any entry before. */
  readonly isPax: boolean
}

/**
 * An item that is not an entry: blocks of zeros, a block that is no header, or the end of all bytes. That comes in its place, in
 * the middle of a block, or in what belongs to an entry.
 */
export interface TarBreak {
  readonly kind: 'zeros' | 'no-header' | 'end' | 'part' | 'part-of-zeros' | 'cut'
}

/** Events about extended headers, whose records are otherwise only seen in the entries. */
export interface TarObserver {
  onGlobals?(header: PaxHeader): void
  /** `isSecond`: another one stands in front of it. */
  onPax?(header: PaxHeader, isSecond: boolean): void
  /** A GNU header holds an empty name. */
  onEmptyPath?(): void
  /** The label of a volume follows an extended header: GNU tar takes it for that of the label, not of the next entry. */
  onSpent?(): void
  /** Those in front of an entry have more than {@link EXTENDED_MAX} bytes; what is in the last is not looked at. */
  onTooLong?(size: number): void
}

/** Reads a tar archive in pieces. Offsets are multiples of 512. */
export interface TarEntries {
  /** Where the next header begins. */
  readonly offset: number
  /** The next entry, or what stands where it should begin. */
  next(): Promise<TarEntry | TarBreak>
  /** Passes over `size` bytes and what they are padded with, and keeps the first of them; `undefined` if they are cut off. */
  contents(size: number, wanted: number): Promise<Uint8Array | undefined>
  /** The next bytes of contents, at most `most`; `undefined` if they are cut off. */
  take(most: number): Promise<Uint8Array | undefined>
  /** Skips `length` bytes; returns whether there are that many. */
  skip(length: number): Promise<boolean>
  /** Passes over the rest of a sparse file's map, which lies in front of its contents. */
  skipMap(): Promise<void>
  /** Passes over blocks of zeros. */
  skipZeros(): Promise<void>
  /** Whether a header comes next, or zeros or nothing. */
  isAtHeader(): Promise<boolean>
}

/** Records of a global header that GNU tar takes for those of each entry. */
const INHERITED = ['path', 'linkpath', 'size', 'uid', 'gid', 'mtime'] as const

/** What the extended headers in front of an entry say of it. */
interface Given {
  readonly pax?: PaxRecords
  readonly longPath?: ByteString
  readonly longTarget?: ByteString
}

export function createTarEntries(input: ByteInput, observer: TarObserver = {}): TarEntries {
  let offset = 0
  let isPax = false
  let globals: PaxRecords = {}

  const gather = async (length: number) => {
    const bytes = await input.gather(length)
    offset += bytes.length
    return bytes
  }
  const peek = () => input.peek(TAR_BLOCK_SIZE)
  const take = async (most: number) => {
    const piece = await input.take(most)
    offset += piece?.length ?? 0
    return piece
  }

  async function contents(size: number, wanted: number): Promise<Uint8Array | undefined> {
    const padded = tarPaddedSize(size)
    const blocks = await gather(Math.min(tarPaddedSize(wanted), padded))
    // The memory of a piece may be used again for the next one. (`slice` of a Buffer would not copy it.)
    const head = new Uint8Array(blocks.subarray(0, Math.min(wanted, size)))
    return blocks.length === padded || (await skip(padded - blocks.length)) ? head : undefined
  }

  async function skip(length: number): Promise<boolean> {
    const skipped = await input.skip(length)
    offset += skipped
    return skipped === length
  }

  async function nextHeader(): Promise<TarHeader | TarBreak> {
    const block = await peek()
    if (block.length === 0) return { kind: 'end' }
    if (block.length < TAR_BLOCK_SIZE) return { kind: isZero(block) ? 'part-of-zeros' : 'part' }
    const header = decodeTarHeader(block)
    if (header === undefined) return { kind: isZero(block) ? 'zeros' : 'no-header' }
    await gather(TAR_BLOCK_SIZE)
    return header
  }

  /** What an extended header says of the entry behind it. */
  function heed(typeflag: string, body: Uint8Array, isSecond: boolean): Given {
    if (typeflag === 'K') return { longTarget: longText(body) }
    if (typeflag === 'L') {
      const longPath = longText(body)
      if (longPath === '') observer.onEmptyPath?.()
      return { longPath }
    }
    const parsed = parsePaxHeader(body)
    isPax = true
    if (typeflag === 'g') {
      observer.onGlobals?.(parsed)
      globals = { ...globals, ...pick(cutNames(parsed.records), INHERITED) }
      return {}
    }
    observer.onPax?.(parsed, isSecond)
    // As GNU tar, which forgets the first of two.
    return { pax: cutNames(parsed.records) }
  }

  function entryOf(header: TarHeader, size: number, { pax, longPath, longTarget }: Given): TarEntry {
    const records = { ...globals, ...pax }
    const stated = /^\d+$/.test(records.size ?? '') ? Number(records.size) : size
    return {
      header,
      path: records['GNU.sparse.name'] ?? (records.path || longPath || header.path),
      target: records.linkpath || longTarget || header.linkname,
      isTargetExtended: Boolean(records.linkpath || longTarget),
      pax: records,
      size: Number.isFinite(stated) ? stated : 0,
      isPax,
    }
  }

  return {
    get offset() {
      return offset
    },
    contents,
    skip,
    take,
    async next() {
      let given: Given = {}
      let length = 0
      for (;;) {
        const header = await nextHeader()
        if ('kind' in header) return header
        const { typeflag } = header
        const size = Math.max(0, header.size ?? 0)
        if (!'LKxXgV'.includes(typeflag)) return entryOf(header, size, given)
        const isTooLong = length + size > EXTENDED_MAX
        if (typeflag === 'V' && Object.keys(given).length > 0) observer.onSpent?.()
        else if (typeflag !== 'V' && isTooLong) observer.onTooLong?.(length + size)
        const isPassedOver = typeflag === 'V' || isTooLong
        const body = await contents(size, isPassedOver ? 0 : size)
        if (body === undefined) return { kind: 'cut' }
        if (isPassedOver) continue
        length += size
        given = { ...given, ...heed(typeflag, body, given.pax !== undefined) }
      }
    },
    async skipMap() {
      for (
        let block = await gather(TAR_BLOCK_SIZE);
        block.length === TAR_BLOCK_SIZE && block[504] !== 0;
        block = await gather(TAR_BLOCK_SIZE)
      );
    },
    async skipZeros() {
      for (let block = await peek(); block.length === TAR_BLOCK_SIZE && isZero(block); block = await peek())
        await gather(TAR_BLOCK_SIZE)
    },
    async isAtHeader() {
      const block = await peek()
      return block.length < TAR_BLOCK_SIZE || isZero(block) || decodeTarHeader(block) !== undefined
    },
  }
}

/** The text of a GNU header for a long name; it ends at the first NUL. */
function longText(bytes: Uint8Array): ByteString {
  const nul = bytes.indexOf(0)
  return decodeByteString(bytes, 0, nul === -1 ? bytes.length : nul)
}

/** A record holds any bytes, but importers take a name as text of C. */
function cutNames(records: PaxRecords): PaxRecords {
  const cut = PAX_NAMES.flatMap(key => {
    const nul = records[key]?.indexOf('\0') ?? -1
    return nul === -1 ? [] : [[key, records[key]!.slice(0, nul)]]
  })
  return cut.length === 0 ? records : { ...records, ...Object.fromEntries(cut) }
}

const ZEROS = Buffer.alloc(TAR_BLOCK_SIZE)

function isZero(block: Uint8Array): boolean {
  return ZEROS.compare(block, 0, block.length, 0, block.length) === 0
}

function pick(records: PaxRecords, keys: readonly string[]): PaxRecords {
  return Object.fromEntries(keys.flatMap(key => (records[key] === undefined ? [] : [[key, records[key]]])))
}
