import { crc32, crc32Combine } from '../bytes/index.ts'
import { type IndexRecord, paddedSize } from './stream-index.ts'
import { encodeVli } from './vli.ts'

/** What the index of a stream has to be, known from its blocks without keeping a record of each. */
export interface IndexMeter {
  /** Notes the next block. */
  add(record: IndexRecord): void
  /** The size of the index in bytes, and the CRC-32 of all of it before its own. */
  expect(): { readonly size: number; readonly crc: number }
}

/** A meter for one stream. It relies on the index being written in one way only, as each of its numbers is. */
export function createIndexMeter(): IndexMeter {
  let count = 0
  let recordsSize = 0
  let recordsCrc = 0
  return {
    add({ unpaddedSize, uncompressedSize }) {
      count++
      for (const bytes of [encodeVli(unpaddedSize), encodeVli(uncompressedSize)]) {
        recordsSize += bytes.length
        recordsCrc = crc32(bytes, recordsCrc)
      }
    },
    expect() {
      const begin = Uint8Array.of(0, ...encodeVli(count))
      const used = begin.length + recordsSize
      const padding = new Uint8Array(paddedSize(used) - used)
      const crc = crc32(padding, crc32Combine(crc32(begin), recordsCrc, recordsSize))
      return { size: used + padding.length + 4, crc }
    },
  }
}
