import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Lzma2Decompressor } from '@napi-rs/lzma'
import { describe, expect, it } from 'vitest'
import {
  type BlockView,
  type Check,
  computeCheck,
  decodeBlock,
  decodeStreamFooter,
  describeStream,
  dictionarySizeOf,
  STREAM_HEADER_SIZE,
  verifyCheck,
  XzError,
} from '../../../src/xz/index.ts'
import { needsVariable } from '../../programs.ts'

const vectors = needsVariable('XZ_VECTORS', 'the tests/files folder of the xz project')
const folder = process.env.XZ_VECTORS ?? ''

/** Sound files that are not one stream: `describeStream` refuses them, as it is meant to. */
const NOT_ONE_STREAM = new Map([
  ['good-0pad-empty.xz', 'padding behind the stream'],
  ['good-0cat-empty.xz', 'two streams'],
  ['good-0catpad-empty.xz', 'two streams with padding between them'],
])

/** Bad files whose fault shows only when the data is decoded and compared with its check. */
const WRONG_CHECK = ['bad-1-check-crc32.xz', 'bad-1-check-crc32-2.xz', 'bad-1-check-crc64.xz', 'bad-1-check-sha256.xz']

/** Bad files whose fault lies inside a chunk of LZMA2 data: only an LZMA decoder can find it. */
const INSIDE_LZMA2 = new Map([
  ['bad-1-lzma2-2.xz', 'a match that reaches behind a dictionary reset'],
  ['bad-1-lzma2-7.xz', 'an end marker of LZMA within a chunk'],
])

/** Reads everything of a file but the data, as a reader that seeks would: from the end, by the index. */
function readStructure(bytes: Uint8Array): { check: Check; blocks: BlockView[] } {
  const { length } = bytes
  const footer = bytes.subarray(Math.max(length - STREAM_HEADER_SIZE, 0))
  const indexEnd = length - STREAM_HEADER_SIZE
  const index = bytes.subarray(Math.max(indexEnd - decodeStreamFooter(footer).backwardSize, 0), indexEnd)
  const header = bytes.subarray(0, STREAM_HEADER_SIZE)
  const { check, blocks } = describeStream({ header, index, footer, size: length })
  return { check, blocks: blocks.map(block => decodeBlock(bytes, block.offset, block, check)) }
}

async function verifyData({ header, compressed, checkValue }: BlockView, check: Check, size: number | undefined) {
  const decoder = new Lzma2Decompressor({ dictSize: dictionarySizeOf(header.filters[0]) })
  const data = Buffer.concat([decoder.update(compressed), await decoder.finish()])
  if (size !== undefined) expect(data.length).toBe(size)
  verifyCheck(
    check,
    checkValue,
    check === 'sha256' ? createHash('sha256').update(data).digest() : computeCheck(check, data),
  )
}

describe.skipIf(vectors.skip)(`the test files of the xz project${vectors.because}`, () => {
  const names = vectors.skip ? [] : readdirSync(folder).filter(name => name.endsWith('.xz'))
  const read = (name: string) => new Uint8Array(readFileSync(join(folder, name)))
  const named = (prefix: string, ...lists: { has(name: string): boolean }[]) =>
    names.filter(name => name.startsWith(prefix) && !lists.some(list => list.has(name)))

  it('are all there', () => {
    expect(names.length).toBeGreaterThanOrEqual(71)
    for (const name of [...NOT_ONE_STREAM.keys(), ...WRONG_CHECK, ...INSIDE_LZMA2.keys()]) expect(names).toContain(name)
  })

  it.each(named('good-', NOT_ONE_STREAM))('%s: structure, and data where the only filter is LZMA2', async name => {
    const { check, blocks } = readStructure(read(name))
    for (const block of blocks) {
      if (block.header.filters.length === 1) await verifyData(block, check, block.header.uncompressedSize)
    }
  })

  it.each([...NOT_ONE_STREAM])('%s is refused: %s', name => {
    expect(() => readStructure(read(name))).toThrow(XzError)
  })

  it.each(named('bad-', new Set(WRONG_CHECK), INSIDE_LZMA2))('%s is refused by its structure alone', name => {
    expect(() => readStructure(read(name))).toThrow(XzError)
  })

  it.each(WRONG_CHECK)('%s is refused by its check', async name => {
    const { check, blocks } = readStructure(read(name))
    await expect(verifyData(blocks[0], check, undefined)).rejects.toThrow(expect.objectContaining({ code: 'XZ_CHECK' }))
  })

  it.each([...INSIDE_LZMA2])('%s has a sound container: %s', name => {
    expect(readStructure(read(name)).blocks).toHaveLength(1)
  })

  it.each(named('unsupported-'))('%s is refused as unsupported, not as damaged', name => {
    expect(() => readStructure(read(name))).toThrow(expect.objectContaining({ code: 'XZ_UNSUPPORTED' }))
  })

  // The specification or the files' README asks for these to be refused for one particular reason.
  it.each([
    ['bad-0-header_magic.xz', 'XZ_MAGIC'],
    ['bad-0-footer_magic.xz', 'XZ_MAGIC'],
    ['bad-1-stream_flags-2.xz', 'XZ_CRC32'],
    ['bad-1-stream_flags-3.xz', 'XZ_CRC32'],
    ['bad-1-vli-1.xz', 'XZ_VLI'],
    ['bad-1-vli-2.xz', 'XZ_VLI'],
    ['bad-1-block_header-3.xz', 'XZ_CRC32'],
    ['bad-1-block_header-4.xz', 'XZ_TOO_LARGE'],
    ['bad-1-block_header-5.xz', 'XZ_SIZE'],
    ['bad-1-index-huge-uncomp.xz', 'XZ_TOO_LARGE'],
    ['bad-2-compressed_data_padding.xz', 'XZ_PADDING'],
    ['bad-2-index-2.xz', 'XZ_MISMATCH'],
    ['bad-2-index-3.xz', 'XZ_PADDING'],
    ['bad-2-index-4.xz', 'XZ_CRC32'],
    ['bad-2-index-5.xz', 'XZ_SIZE'],
    ['bad-3-index-uncomp-overflow.xz', 'XZ_TOO_LARGE'],
  ])('%s is refused as %s', (name, code) => {
    expect(() => readStructure(read(name))).toThrow(expect.objectContaining({ code }))
  })
})
