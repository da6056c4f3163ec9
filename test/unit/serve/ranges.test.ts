import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { severalRanges } from '../../../src/serve/ranges.ts'

const SIZE = 1000

describe('severalRanges', () => {
  it.each<[string, [first: number, last: number][]]>([
    [
      'bytes=0-9,100-199',
      [
        [0, 9],
        [100, 199],
      ],
    ],
    [
      'bytes=100-199,0-9',
      [
        [0, 9],
        [100, 199],
      ],
    ],
    [
      'BYTES= 0-9 ,\t100-',
      [
        [0, 9],
        [100, 999],
      ],
    ],
    [
      'bytes=0-0,-1',
      [
        [0, 0],
        [999, 999],
      ],
    ],
    ['bytes=0-9,10-19', [[0, 19]]],
    ['bytes=0-9,5-19,0-2', [[0, 19]]],
    ['bytes=0-,-5000', [[0, 999]]],
    ['bytes=0-9,2000-3000', [[0, 9]]],
    ['bytes=1000-,-0', []],
    [`bytes=${'0-,'.repeat(199)}0-`, [[0, 999]]],
  ])('takes %s', (header, ranges) => {
    expect(severalRanges(header, SIZE)?.map(({ first, last }) => [first, last])).toEqual(ranges)
  })

  it.each([
    ...[undefined, '', 'bytes=0-9', 'bytes=', 'bytes=,', 'bytes=0-9,', 'bytes=0-9,9-0', 'bytes=0-9,-', 'bytes=0-9,x-1'],
    ...['items=0-9,20-29', 'bytes 0-9,20-29', 'bytes=0-9,1.5-2', 'bytes=0-9,--5', `bytes=${'0-,'.repeat(200)}0-`],
  ])('leaves %s', header => {
    expect(severalRanges(header, SIZE)).toBeUndefined()
  })

  it('asks for each byte once at most, and for those of every range', () => {
    const offset = fc.nat(30)
    const range = fc.tuple(offset, offset).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const)
    fc.assert(
      fc.property(fc.array(range, { minLength: 2, maxLength: 8 }), fc.nat(30), (asked, size) => {
        const ranges = severalRanges(`bytes=${asked.map(([from, to]) => `${from}-${to}`).join(',')}`, size)!
        const bytes = ranges.flatMap(({ first, last }) => Array.from({ length: last - first + 1 }, (_, i) => first + i))
        const wanted = Array.from({ length: size }, (_, i) => i).filter(i => asked.some(([a, b]) => a <= i && i <= b))
        expect(bytes).toEqual(wanted)
      }),
    )
  })

  it('takes no longer for a hostile header', () => {
    expect(severalRanges(`bytes=${' '.repeat(100_000)},${'1'.repeat(100_000)}x`, SIZE)).toBeUndefined()
  })
})
