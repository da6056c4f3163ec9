import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NixError } from '../../../src/nix/index.ts'
import { arbitraryTree, eventsOfNar, eventsOfTree, narOfTree, type Tree } from './nar-support.ts'

const SMALL: Tree = {
  children: {
    'a\xff': { contents: 'hello', executable: true },
    b: { contents: '' },
    c: { children: { inner: { symlink: '../b' } } },
  },
}

describe('a NAR written and read', () => {
  it('gives the tree back, whatever the chunks', () => {
    fc.assert(
      fc.property(arbitraryTree, fc.array(fc.nat(), { maxLength: 30 }), (tree, offsets) => {
        const nar = narOfTree(tree)
        const cuts = offsets.map(offset => offset % (nar.length + 1)).sort((a, b) => a - b)
        expect(eventsOfNar(nar, cuts)).toEqual(eventsOfTree(tree))
      }),
    )
  })

  it('gives the tree back byte by byte', () => {
    fc.assert(
      fc.property(arbitraryTree, tree => {
        const nar = narOfTree(tree)
        expect(eventsOfNar(nar, [...nar.keys()])).toEqual(eventsOfTree(tree))
      }),
      { numRuns: 30 },
    )
  })

  it('has a length that is a multiple of 8', () => {
    fc.assert(fc.property(arbitraryTree, tree => narOfTree(tree).length % 8 === 0))
  })
})

describe('a damaged NAR', () => {
  const nar = narOfTree(SMALL)
  const intact = eventsOfNar(nar)

  it('is refused wherever it is cut off', () => {
    for (let size = 0; size < nar.length; size++) {
      for (const cuts of [[], [...Array(size).keys()]]) {
        expect(() => eventsOfNar(nar.subarray(0, size), cuts)).toThrow(
          expect.objectContaining({ code: 'NAR_TRUNCATED', offset: size }),
        )
      }
    }
  })

  it('with one bit flipped is refused or reads differently', () => {
    for (let bit = 0; bit < nar.length * 8; bit++) {
      const damaged = nar.slice()
      damaged[bit >> 3] ^= 1 << (bit & 7)
      let events: unknown
      try {
        events = eventsOfNar(damaged)
      } catch (error) {
        expect(error).toBeInstanceOf(NixError)
        continue
      }
      expect(events, `bit ${bit}`).not.toEqual(intact)
    }
  })

  it('gives the same error however it arrives', () => {
    const outcome = (bytes: Uint8Array, cuts: number[]): unknown => {
      try {
        return eventsOfNar(bytes, cuts)
      } catch (error) {
        return error instanceof NixError ? [error.code, error.offset, error.path, error.message] : error
      }
    }
    fc.assert(
      fc.property(fc.nat(nar.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = nar.slice()
        damaged[at] ^= change
        expect(outcome(damaged, [...damaged.keys()])).toEqual(outcome(damaged, []))
      }),
    )
  })

  it('is refused if it is noise', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(nar.length), (noise, keep) => {
        const bytes = new Uint8Array([...nar.subarray(0, keep - (keep % 8)), 255, ...noise])
        expect(() => eventsOfNar(bytes)).toThrow(NixError)
      }),
    )
  })
})
