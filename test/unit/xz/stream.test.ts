import { describe, expect, it } from 'vitest'
import { type Check, createStreamWriter, describeStream, STREAM_HEADER_SIZE, XzError } from '../../../src/xz/index.ts'

const blocks = [
  { unpaddedSize: 21, uncompressedSize: 100 },
  { unpaddedSize: 40, uncompressedSize: 7 },
]

/** The ends of a stream with these blocks; their own bytes are never looked at. */
function ends(check: Check = 'crc32') {
  const writer = createStreamWriter(check)
  for (const record of blocks) writer.add({ check, record })
  const header = writer.header()
  const end = writer.end()
  return {
    header,
    index: end.subarray(0, -STREAM_HEADER_SIZE),
    footer: end.subarray(-STREAM_HEADER_SIZE),
    size: header.length + 24 + 40 + end.length,
  }
}

describe('createStreamWriter', () => {
  it('refuses a block with another check, and blocks behind the end', () => {
    const writer = createStreamWriter('crc64')
    expect(() => writer.add({ check: 'crc32', record: blocks[0] })).toThrow(RangeError)
    writer.end()
    expect(() => writer.add({ check: 'crc64', record: blocks[0] })).toThrow(TypeError)
  })

  it('writes a stream without blocks as xz does', () => {
    const writer = createStreamWriter('crc64')
    expect(Buffer.concat([writer.header(), writer.end()]).toString('hex')).toBe(
      'fd377a585a000004e6d6b446000000001cdf44211fb6f37d010000000004595a',
    )
  })
})

describe('describeStream', () => {
  it('tells where the blocks stand', () => {
    expect(describeStream(ends())).toEqual({
      check: 'crc32',
      blocks: [
        { ...blocks[0], offset: 12, size: 24, uncompressedOffset: 0 },
        { ...blocks[1], offset: 36, size: 40, uncompressedOffset: 100 },
      ],
      uncompressedSize: 107,
    })
  })

  it('refuses parts that do not belong together', () => {
    const sound = ends()
    const mismatch = expect.objectContaining({ code: 'XZ_MISMATCH' })
    expect(() => describeStream({ ...sound, header: ends('none').header })).toThrow(mismatch)
    expect(() => describeStream({ ...sound, size: sound.size + 4 })).toThrow(mismatch)
    const emptyIndex = createStreamWriter('crc32').end().subarray(0, 8)
    expect(() => describeStream({ ...sound, index: emptyIndex, size: 12 + 8 + 12 })).toThrow(mismatch)
    expect(() => describeStream({ ...sound, index: sound.index.subarray(1) })).toThrow(XzError)
  })
})
