import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shareBytes } from '../../../../src/report/sizes/shares.ts'

const size = fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 2 ** 32 }))

describe('shares of a file', () => {
  it('are whole bytes, and together all of it', () => {
    const owners = 5
    const ends = fc.array(fc.tuple(fc.nat({ max: owners - 1 }), size), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(
        ends,
        fc.array(fc.tuple(size, fc.double({ min: 0, max: 1, noNaN: true })), { maxLength: 8 }),
        (parts, cuts) => {
          let at = 0
          const runs = parts.map(([owner, length]) => {
            const run = { owner, tarOffset: at, tarSize: length }
            at += length
            return run
          })
          const places = [...cuts.map(([, share]) => Math.floor(share * at)).sort((a, b) => a - b), at]
          const blocks = places.map((end, i) => ({
            size: cuts[i]?.[0] ?? 1000,
            tarOffset: places[i - 1] ?? 0,
            tarSize: end - (places[i - 1] ?? 0),
          }))
          const shares = shareBytes(owners, runs, blocks)
          const sum = (key: 'tarSize' | 'fileSize') => shares.reduce((total, share) => total + share[key], 0)
          expect(sum('tarSize')).toBe(at)
          // A block without data is nobody's.
          expect(sum('fileSize')).toBe(blocks.reduce((total, block) => total + (block.tarSize > 0 ? block.size : 0), 0))
          for (const { fileSize } of shares) expect(Number.isSafeInteger(fileSize) && fileSize >= 0).toBe(true)
        },
      ),
    )
  })

  it('go by the bytes of tar within a block', () => {
    const runs = [
      { owner: 0, tarOffset: 0, tarSize: 100 },
      { owner: 1, tarOffset: 100, tarSize: 300 },
      { owner: 0, tarOffset: 400, tarSize: 100 },
    ]
    const blocks = [
      { size: 40, tarOffset: 0, tarSize: 200 },
      { size: 30, tarOffset: 200, tarSize: 300 },
    ]
    expect(shareBytes(2, runs, blocks)).toEqual([
      { tarSize: 200, fileSize: 20 + 10 },
      { tarSize: 300, fileSize: 20 + 20 },
    ])
  })
})
