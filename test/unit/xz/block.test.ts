import { describe, expect, it } from 'vitest'
import {
  assembleBlock,
  type BlockParts,
  computeCheck,
  decodeBlock,
  encodeBlockHeader,
  lzma2Filter,
  X86_BRANCHES,
} from '../../../src/xz/index.ts'

const data = new TextEncoder().encode('hello, block')
const parts: BlockParts = {
  filters: [X86_BRANCHES.filter, lzma2Filter(1 << 20)],
  // One stored chunk and the end marker: 16 bytes, cut in the middle of the chunk's header.
  compressed: [Uint8Array.of(1, 0), Uint8Array.of(data.length - 1, ...data, 0)],
  uncompressedSize: data.length,
  check: 'crc32',
  checkValue: computeCheck('crc32', data),
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(pieces.flatMap(piece => [...piece]))
}

describe('assembleBlock', () => {
  it.each([1, 2, 3, 4, 5])('pads %d bytes of data to a multiple of four', size => {
    const compressed = [Uint8Array.of(1, 0, size - 1, ...data.subarray(0, size), 0)]
    const block = assembleBlock({ ...parts, compressed, uncompressedSize: size })
    const bytes = joined(block.pieces)
    expect(bytes.length).toBe(block.size)
    expect(block.size % 4).toBe(0)
    expect(block.record).toEqual({ unpaddedSize: 16 + 4 + size + 4, uncompressedSize: size })
    const view = decodeBlock(bytes, 0, block.record, 'crc32')
    expect(view.header.compressedSize).toBe(4 + size)
    expect(view.compressed).toEqual(compressed[0])
  })

  it('does not copy the compressed data', () => {
    expect(assembleBlock(parts).pieces).toContain(parts.compressed[1])
  })

  it('refuses a check value of another size', () => {
    expect(() => assembleBlock({ ...parts, check: 'crc64' })).toThrow(RangeError)
  })

  it('refuses data of another size, and data without its end', () => {
    expect(() => assembleBlock({ ...parts, uncompressedSize: 13 })).toThrow(
      expect.objectContaining({ code: 'XZ_MISMATCH' }),
    )
    const compressed = [parts.compressed[0], parts.compressed[1].subarray(0, -1)]
    expect(() => assembleBlock({ ...parts, compressed })).toThrow(expect.objectContaining({ code: 'XZ_LZMA2' }))
  })
})

describe('decodeBlock', () => {
  const { pieces, record } = assembleBlock({
    ...parts,
    compressed: [Uint8Array.of(1, 0, 0, 65, 2, 0, 0, 66, 0)],
    uncompressedSize: 2,
    checkValue: computeCheck('crc32', Uint8Array.of(65, 66)),
  })
  const bytes = Uint8Array.from([1, 2, 3, 4, ...joined(pieces), 5])

  it('takes a block apart', () => {
    const view = decodeBlock(bytes, 4, record, 'crc32')
    expect(view.header.filters).toEqual(parts.filters)
    expect(view.header.uncompressedSize).toBe(2)
    expect(view.compressed).toEqual(Uint8Array.of(1, 0, 0, 65, 2, 0, 0, 66, 0))
    expect(view.checkValue).toEqual(computeCheck('crc32', Uint8Array.of(65, 66)))
  })

  it('refuses a record or a check that is not its own', () => {
    const { unpaddedSize, uncompressedSize } = record
    const mismatch = expect.objectContaining({ code: 'XZ_MISMATCH' })
    expect(() => decodeBlock(bytes, 4, { unpaddedSize: unpaddedSize - 1, uncompressedSize }, 'crc32')).toThrow(mismatch)
    expect(() => decodeBlock(bytes, 4, { unpaddedSize, uncompressedSize: 3 }, 'crc32')).toThrow(mismatch)
    expect(() => decodeBlock(bytes, 4, record, 'none')).toThrow(mismatch)
    expect(() => decodeBlock(bytes, 4, { unpaddedSize: 99, uncompressedSize }, 'crc32')).toThrow(
      expect.objectContaining({ code: 'XZ_TRUNCATED' }),
    )
  })

  it('refuses a header that gives another size of the data than the index and the chunks', () => {
    const [header, ...rest] = pieces
    const other = encodeBlockHeader({ compressedSize: 9, uncompressedSize: 3, filters: parts.filters })
    expect(other.length).toBe(header.length)
    expect(() => decodeBlock(joined([other, ...rest]), 0, record, 'crc32')).toThrow(
      expect.objectContaining({ code: 'XZ_MISMATCH' }),
    )
  })

  it('refuses an index that gives another size of the data than the chunks, where the header gives none', () => {
    const header = encodeBlockHeader({ filters: parts.filters })
    const bytes = joined([header, ...pieces.slice(1)])
    const unpaddedSize = record.unpaddedSize - pieces[0].length + header.length
    expect(decodeBlock(bytes, 0, { unpaddedSize, uncompressedSize: 2 }, 'crc32').compressed).toHaveLength(9)
    expect(() => decodeBlock(bytes, 0, { unpaddedSize, uncompressedSize: 3 }, 'crc32')).toThrow(
      expect.objectContaining({ code: 'XZ_MISMATCH' }),
    )
  })

  it('refuses bytes in the padding', () => {
    const damaged = bytes.slice()
    damaged[bytes.length - 1 - 4 - 1] = 1
    expect(() => decodeBlock(damaged, 4, record, 'crc32')).toThrow(expect.objectContaining({ code: 'XZ_PADDING' }))
  })
})
