import { readU32le } from '../../bytes/index.ts'
import { XzError } from '../errors.ts'
import { decodeVli, sizeOfVli, writeVli } from '../vli.ts'

/**
 * Filter flags (xz-file-format 1.2, sections 3.1.5 and 5.3): which filters a block's data went through, first to last.
 *
 *     filter flags = filter ID (vli), size of properties (vli), properties
 *
 * A chain has one to four filters. LZMA2 is always the last and only there; the others leave the size of the data as it is.
 */

/** One filter of a chain: its ID and its properties, byte for byte as in the block header. */
export interface Filter {
  readonly id: number
  readonly properties: Uint8Array
}

/** The filter ID of LZMA2. One byte of properties: the dictionary size. */
export const FILTER_LZMA2 = 0x21
/** The filter ID of Delta. One byte of properties: the distance less one. */
export const FILTER_DELTA = 0x03
/** The filter ID of the branch converter for x86. No properties, or a start offset of four bytes. */
export const FILTER_X86 = 0x04
/** The filter IDs of the branch converters for PowerPC, IA-64, ARM, ARM Thumb and SPARC. Properties as for x86. */
export const FILTER_POWERPC = 0x05
export const FILTER_IA64 = 0x06
export const FILTER_ARM = 0x07
export const FILTER_ARM_THUMB = 0x08
export const FILTER_SPARC = 0x09
/** The filter ID of the branch converter for ARM64; liblzma knows it from 5.4 on. */
export const FILTER_ARM64 = 0x0a
/** The filter ID of the branch converter for RISC-V; liblzma knows it from 5.6 on. */
export const FILTER_RISCV = 0x0b

/** Branch converters and the alignment of their start offset (section 5.3.2). */
const BRANCH_ALIGNMENTS: ReadonlyMap<number, number> = new Map([
  [FILTER_X86, 1],
  [FILTER_POWERPC, 4],
  [FILTER_IA64, 16],
  [FILTER_ARM, 4],
  [FILTER_ARM_THUMB, 2],
  [FILTER_SPARC, 4],
  [FILTER_ARM64, 4],
  [FILTER_RISCV, 2],
])

/** The largest value of the dictionary size property. It stands for 4 GiB - 1. */
const DICTIONARY_BITS_MAX = 40

/**
 * The LZMA2 filter for a dictionary of at least `dictionarySize` bytes. The property holds only 2^n and 2^n + 2^(n-1),
 * from 4 KiB on, so it is rounded up to the next of these. Throws `RangeError` beyond 4 GiB - 1.
 */
export function lzma2Filter(dictionarySize: number): Filter {
  if (!Number.isSafeInteger(dictionarySize) || dictionarySize < 0 || dictionarySize > 0xffff_ffff) {
    throw new RangeError(`not a dictionary size: ${dictionarySize} (0 to 2^32 - 1 bytes)`)
  }
  let bits = 0
  while (sizeOfBits(bits) < dictionarySize) bits++
  return { id: FILTER_LZMA2, properties: Uint8Array.of(bits) }
}

/** The dictionary size of an LZMA2 filter in bytes. Throws `RangeError` for any other filter. */
export function dictionarySizeOf(filter: Filter): number {
  const fault = filter.id === FILTER_LZMA2 ? faultOfFilter(filter) : `filter ${hex(filter.id)} is not LZMA2`
  if (fault !== undefined) throw new RangeError(fault)
  return sizeOfBits(filter.properties[0])
}

/** What keeps `filters` from being a chain, as text for a message, or `undefined` where nothing does. */
export function faultOfFilters(filters: readonly Filter[]): string | undefined {
  if (filters.length < 1 || filters.length > 4) return `a chain has 1 to 4 filters, not ${filters.length}`
  for (const [i, filter] of filters.entries()) {
    if (i === filters.length - 1 && filter.id !== FILTER_LZMA2) {
      return `the last filter must be LZMA2 (0x21), not ${hex(filter.id)}`
    }
    if (i < filters.length - 1 && filter.id === FILTER_LZMA2) return 'LZMA2 (0x21) can only be the last filter'
    const fault = faultOfFilter(filter)
    if (fault !== undefined) return fault
  }
  return undefined
}

/** The size of a filter's flags in bytes. */
export function sizeOfFilterFlags(filter: Filter): number {
  return sizeOfVli(filter.id) + sizeOfVli(filter.properties.length) + filter.properties.length
}

/** Writes a filter's flags into `target` at `offset` and returns the offset behind them. */
export function writeFilterFlags(target: Uint8Array, offset: number, filter: Filter): number {
  const at = writeVli(target, writeVli(target, offset, filter.id), filter.properties.length)
  target.set(filter.properties, at)
  return at + filter.properties.length
}

/**
 * Reads one filter's flags at `offset`, with the offset behind them; bytes from `limit` on do not belong to them.
 * The filter need not be one that is known: see {@link faultOfFilters}. Throws {@link XzError}.
 */
export function decodeFilterFlags(bytes: Uint8Array, offset: number, limit: number): { filter: Filter; end: number } {
  const id = decodeVli(bytes, offset, limit)
  const size = decodeVli(bytes, id.end, limit)
  const end = size.end + size.value
  if (end > limit) {
    throw new XzError('XZ_TRUNCATED', `the properties of filter ${hex(id.value)} do not fit into the block header`)
  }
  return { filter: { id: id.value, properties: bytes.slice(size.end, end) }, end }
}

/** What is wrong with a filter's ID or properties, as text for a message, or `undefined`. */
export function faultOfFilter({ id, properties }: Filter): string | undefined {
  const found = `the ${properties.length} bytes of properties [${properties}] of filter ${hex(id)} are not valid`
  const alignment = BRANCH_ALIGNMENTS.get(id)
  if (alignment !== undefined) {
    if (properties.length === 0 || (properties.length === 4 && readU32le(properties, 0) % alignment === 0))
      return undefined
    return `${found}: expected none, or a start offset that is a multiple of ${alignment}`
  }
  if (id === FILTER_DELTA) return properties.length === 1 ? undefined : `${found}: expected one byte`
  if (id !== FILTER_LZMA2) return `filter ${hex(id)} is not known`
  if (properties.length === 1 && properties[0] <= DICTIONARY_BITS_MAX) return undefined
  return `${found}: expected one byte up to ${DICTIONARY_BITS_MAX}`
}

function sizeOfBits(bits: number): number {
  return bits === DICTIONARY_BITS_MAX ? 0xffff_ffff : (2 + (bits % 2)) * 2 ** (Math.floor(bits / 2) + 11)
}

function hex(id: number): string {
  return `0x${id.toString(16).padStart(2, '0')}`
}
