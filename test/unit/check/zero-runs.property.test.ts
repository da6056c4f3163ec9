import fc from 'fast-check'
import { expect, it } from 'vitest'
import { createZeroRuns } from '../../../src/check/zero-runs.ts'

/** Blocks of zeros or not, an incomplete one at the end, and where the whole is cut. */
const archives = fc.record({
  blocks: fc.array(fc.boolean(), { maxLength: 12 }),
  rest: fc.record({ length: fc.nat(511), isZero: fc.boolean() }),
  piece: fc.integer({ min: 1, max: 1500 }),
})

it('runs of zeros are those that are there', () => {
  fc.assert(
    fc.property(archives, fc.nat(12), fc.nat(3), ({ blocks, rest, piece }, block, back) => {
      const parts = [...blocks.map(isZero => ({ length: 512, isZero })), rest]
      // A block that is none has one byte that is not zero, at its end.
      const bytes = Buffer.concat(
        parts.map(({ length, isZero }) => Buffer.alloc(length).fill(isZero ? 0 : 1, Math.max(0, length - 1))),
      )
      const runs = createZeroRuns()
      const offset = Math.min(block, blocks.length) * 512
      for (let at = 0; at < bytes.length; at += piece) runs.push(bytes.subarray(at, at + piece))
      runs.forget(Math.max(0, offset - back * 512))

      let end = offset
      while (end < bytes.length && bytes.subarray(end, end + 512).every(byte => byte === 0)) {
        end = Math.min(end + 512, bytes.length)
      }
      expect(runs.at(offset)).toEqual(end > offset ? { start: offset, end } : undefined)
      expect(runs.size).toBe(bytes.length)
    }),
  )
})
