import { describe, expect, it } from 'vitest'
import type { BlockRecord } from '../../../src/container/index.ts'
import { bytesOfBlock, containerAt, ENCODING_FORMATS, encodeBlock, noise, prose } from './containers.ts'

describe.each(ENCODING_FORMATS)('a block of %s', format => {
  const decode = (bytes: Uint8Array, record: BlockRecord) => containerAt(format).blocks!.decode(bytes, record)
  const block = async (tar: Uint8Array) => {
    const encoded = await encodeBlock(format, tar)
    return { bytes: bytesOfBlock(encoded), record: { uncompressedSize: encoded.uncompressedSize, note: encoded.note } }
  }

  it.each([
    ['text', prose(3_000_000)],
    ['noise', noise(70_000)],
    ['zeros', new Uint8Array(100_000)],
    ['a byte', Uint8Array.of(1)],
  ])('is decoded: %s', async (_, tar) => {
    const { bytes, record } = await block(tar)
    expect(Buffer.compare(decode(bytes, record), tar)).toBe(0)
  })

  it('is refused where a byte of it is another one, or yields the same', async () => {
    const tar = prose(2000)
    const { bytes, record } = await block(tar)
    let refused = 0
    for (let at = 0; at < bytes.length; at++) {
      const spoilt = Buffer.from(bytes)
      spoilt[at]! ^= 1 << (at % 8)
      try {
        expect(Buffer.compare(decode(spoilt, record), tar)).toBe(0)
      } catch (error) {
        if (error instanceof Error && error.name === 'AssertionError') throw error
        refused++
      }
    }
    expect(refused).toBeGreaterThan(0.9 * bytes.length)
  })

  it('is refused where it is not one whole block', async () => {
    const { bytes, record } = await block(prose(2000))
    const other = await block(new Uint8Array())
    for (const wrong of [
      bytes.subarray(0, -1),
      bytes.subarray(1),
      Buffer.concat([bytes, Buffer.from('x')]),
      Buffer.concat([bytes, bytes]),
      Buffer.alloc(0),
    ]) {
      expect(() => decode(wrong, record)).toThrow()
    }
    if (format !== 'tar.gz') expect(() => decode(Buffer.concat([bytes, other.bytes]), record)).toThrow()
  })

  it('is refused where its record says something else', async () => {
    const { bytes, record } = await block(prose(2000))
    const { uncompressedSize, note } = record
    const records = [
      ...[1999, 2001, 0, 1e15].map(size => ({ uncompressedSize: size, note })),
      ...(format === 'tar.zst' ? [] : [{ uncompressedSize, note: note + 1 }]),
    ]
    for (const wrong of records) expect(() => decode(bytes, wrong)).toThrow()
  })
})
