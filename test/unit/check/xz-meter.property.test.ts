import { xz } from '@napi-rs/lzma'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createXzMeter } from '../../../src/check/xz-meter.ts'

const streams = fc.array(
  fc.record({
    data: fc.tuple(fc.uint8Array({ maxLength: 3000 }), fc.nat(200)).map(([bytes, times]) => repeat(bytes, times)),
    padding: fc.nat(3).map(words => new Uint8Array(4 * words)),
  }),
  { minLength: 1, maxLength: 3 },
)
const repeat = (bytes: Uint8Array, times: number) => Buffer.concat(Array(times).fill(bytes))

it('the frame of an .xz file tells how much is in it, wherever it is cut', () => {
  fc.assert(
    fc.property(streams, fc.integer({ min: 1, max: 5000 }), (parts, piece) => {
      const bytes = Buffer.concat(parts.flatMap(({ data, padding }) => [xz.compressSync(data), padding]))
      const meter = createXzMeter()
      for (let at = 0; at < bytes.length; at += piece) meter.push(bytes.subarray(at, at + piece))
      expect(meter.unpacked).toBe(parts.reduce((sum, { data }) => sum + data.length, 0))
      expect(meter).toMatchObject({ isAtEnd: true, isLost: false })
      expect([...meter.filters].every(id => id === 0x21)).toBe(true)
    }),
    { numRuns: 50 },
  )
})

it('what is no .xz file is none', () => {
  const meter = createXzMeter()
  meter.push(Buffer.alloc(100, 'x'))
  expect(meter).toMatchObject({ isLost: true, unpacked: 0 })
})
