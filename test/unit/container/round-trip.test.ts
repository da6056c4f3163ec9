import { gunzipSync, inflateRawSync, zstdDecompressSync } from 'node:zlib'
import { XzDecompressor } from '@napi-rs/lzma'
import { describe, expect, it } from 'vitest'
import { XzReadableStream } from 'xz-decompress'
import { decodeBlock, describeStream } from '../../../src/xz/index.ts'
import { bytesOfBlock, containerAt, ENCODING_FORMATS, encodeBlock, fileOf, noise, prose } from './containers.ts'

const EMPTY = new Uint8Array(0)
const BLOCK_LISTS: [string, Uint8Array[]][] = [
  ['no block', []],
  ['an empty block', [EMPTY]],
  ['one block', [prose(10_240)]],
  ['blocks of all kinds', [prose(300_000), EMPTY, new Uint8Array(3_000_000), noise(70_000), Uint8Array.of(1)]],
  ['many blocks', Array.from({ length: 200 }, (_, i) => prose(512 * (i % 7)))],
]

/** Decoders that share no code with the encoders, where there are such. */
const DECODERS: [string, 'tar.xz' | 'tar.gz', (file: Buffer) => Promise<Buffer>][] = [
  ['xz-decompress', 'tar.xz', unxz],
  ['@napi-rs/lzma', 'tar.xz', unxzNative],
  ['gunzip', 'tar.gz', async file => gunzipSync(file)],
  // Without the header and trailer: whatever followed the first member would be no deflate data.
  ['inflate of one member', 'tar.gz', async file => inflateRawSync(file.subarray(10, -8))],
]

describe.each(DECODERS)('%s reads %s', (_, format, decode) => {
  it.each(BLOCK_LISTS)('of %s', async (_, blocks) => {
    const file = await fileOf(format, blocks)
    expect((await decode(file)).equals(Buffer.concat(blocks))).toBe(true)
  })
})

describe('every container', () => {
  it.each(ENCODING_FORMATS)('%s begins as what it is said to be, even without a block', async format => {
    const magic = { 'tar.xz': 'fd377a585a00', 'tar.gz': '1f8b', 'tar.zst': '28b52ffd', tar: '' }[format]
    const file = await fileOf(format, format === 'tar.zst' ? [prose(10)] : [])
    expect(file.toString('hex')).toMatch(new RegExp(`^${magic}`))
    expect(containerAt(format).suffix).toBe(`.${format}`)
  })

  it('notes how much each block holds', async () => {
    for (const format of ENCODING_FORMATS) {
      expect(await encodeBlock(format, prose(777))).toMatchObject({ uncompressedSize: 777 })
    }
  })
})

describe('tar.xz', () => {
  it('puts both sizes into the header of every block', async () => {
    const blocks = [prose(300_000), EMPTY, noise(70_000)]
    const file = new Uint8Array(await fileOf('tar.xz', blocks))
    const footer = file.subarray(-12)
    const indexSize = (new DataView(file.buffer, file.byteOffset + file.length - 8).getUint32(0, true) + 1) * 4
    const index = file.subarray(-12 - indexSize, -12)
    const stream = describeStream({ header: file.subarray(0, 12), index, footer, size: file.length })
    expect(stream.check).toBe('crc64')
    expect(stream.blocks.map(block => block.uncompressedSize)).toEqual(blocks.map(block => block.length))
    for (const block of stream.blocks) {
      const { header, compressed } = decodeBlock(file, block.offset, block, stream.check)
      expect(header).toMatchObject({ compressedSize: compressed.length, uncompressedSize: block.uncompressedSize })
    }
  })
})

describe('tar.zst', () => {
  // Node's decoder stops behind the first frame; test/conformance/image has the zstd program read whole files.
  it.each(BLOCK_LISTS)('is the frames of %s', async (_, blocks) => {
    const frames = await Promise.all(blocks.map(async bytes => bytesOfBlock(await encodeBlock('tar.zst', bytes))))
    expect((await fileOf('tar.zst', blocks)).equals(Buffer.concat(frames))).toBe(true)
    for (const [i, frame] of frames.entries()) expect(Buffer.compare(zstdDecompressSync(frame), blocks[i]!)).toBe(0)
  })

  it('says in every frame how large it is, and ends it with a checksum', async () => {
    const frame = bytesOfBlock(await encodeBlock('tar.zst', prose(70_000)))
    // Frame_Header_Descriptor (RFC 8878, 3.1.1.1.1): two bits for the size of the content size, one for a single
    // segment, one for the checksum.
    const descriptor = frame[4]!
    expect(descriptor >> 6 !== 0 || (descriptor & 0x20) !== 0).toBe(true)
    expect(descriptor & 0x04).toBe(0x04)
    const flipped = Buffer.from(frame)
    flipped[flipped.length - 1]! ^= 1
    expect(() => zstdDecompressSync(flipped)).toThrow()
  })
})

describe('tar.gz', () => {
  it('holds no time and no system, whatever the host', async () => {
    expect((await fileOf('tar.gz', [prose(100)])).toString('hex', 0, 10)).toBe('1f8b08000000000000ff')
  })
})

async function unxz(file: Buffer): Promise<Buffer> {
  const compressed = new Blob([new Uint8Array(file)]).stream()
  return Buffer.from(await new Response(new XzReadableStream(compressed)).arrayBuffer())
}

async function unxzNative(file: Buffer): Promise<Buffer> {
  const decoder = new XzDecompressor()
  return Buffer.concat([decoder.update(file), await decoder.finish()])
}
