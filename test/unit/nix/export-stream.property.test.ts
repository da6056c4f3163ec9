import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeNixBase32, type NixError } from '../../../src/nix/index.ts'
import { exportOf, pathsOfExport, type TestPath } from './export-support.ts'
import { arbitraryTree, narOfTree } from './nar-support.ts'

const storePath = fc
  .tuple(fc.uint8Array({ minLength: 20, maxLength: 20 }), fc.stringMatching(/^[0-9a-zA-Z+_?=]{1,211}$/))
  .map(([digest, name]) => `/nix/store/${encodeNixBase32(digest)}-${name}`)
const testPath: fc.Arbitrary<TestPath> = fc.record(
  {
    nar: arbitraryTree.map(narOfTree),
    path: storePath,
    references: fc.array(storePath, { maxLength: 4 }),
    deriver: storePath,
  },
  { requiredKeys: ['nar', 'path', 'references'] },
)
const testPaths = fc.array(testPath, { maxLength: 4 })

describe('an export', () => {
  it('is read in pieces of any size', () => {
    fc.assert(
      fc.property(testPaths, fc.array(fc.nat(), { maxLength: 8 }), (paths, places) => {
        const bytes = exportOf(...paths)
        const read = pathsOfExport(
          bytes,
          places.map(place => place % (bytes.length + 1)).sort((a, b) => a - b),
        )
        const written = read.map(({ path, references, deriver, narOffset, narSize }) => ({
          nar: bytes.slice(narOffset, narOffset + narSize),
          path: path.path,
          references: references.map(reference => reference.path),
          ...(deriver !== undefined && { deriver: deriver.path }),
        }))
        expect(written).toEqual(paths)
      }),
    )
  })

  it('with one bit flipped is refused or reads differently', () => {
    fc.assert(
      fc.property(fc.array(testPath, { minLength: 1, maxLength: 2 }), fc.nat(), (paths, place) => {
        const bytes = exportOf(...paths)
        const before = pathsOfExport(bytes)
        const bit = place % (bytes.length * 8)
        bytes[bit >>> 3] ^= 1 << (bit & 7)
        let after: unknown
        try {
          after = pathsOfExport(bytes)
        } catch (error) {
          expect((error as NixError).code).toMatch(/^EXPORT_/)
          return
        }
        expect(after).not.toEqual(before)
      }),
    )
  })
})
