import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  formatNarInfo,
  type NarInfo,
  NIXBASE32_ALPHABET,
  NixError,
  narHashFromBytes,
  parseNarInfo,
  parseStorePathBaseName,
} from '../../../src/nix/index.ts'

const digest = fc.string({ unit: fc.constantFrom(...NIXBASE32_ALPHABET), minLength: 32, maxLength: 32 })
const name = fc.string({ unit: fc.constantFrom(...'aZ0+-_?='), minLength: 1, maxLength: 211 })
const storePath = fc.tuple(digest, name).map(([digest, name]) => parseStorePathBaseName(`${digest}-${name}`))
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(narHashFromBytes)
const line = fc.string({ unit: 'grapheme', minLength: 1 }).filter(text => !text.includes('\n'))

const narInfo: fc.Arbitrary<NarInfo> = fc.record(
  {
    path: storePath,
    url: line,
    compression: fc.constantFrom('none', 'br', 'bzip2', 'gzip', 'lz4', 'xz', 'zstd'),
    fileHash: hash,
    fileSize: fc.maxSafeNat().map(size => Math.max(size, 1)),
    narHash: hash,
    narSize: fc.maxSafeNat().map(size => Math.max(size, 1)),
    references: fc.array(storePath, { maxLength: 5 }),
    deriver: storePath,
    ca: line,
    signatures: fc.array(line, { maxLength: 3 }),
  },
  { requiredKeys: ['path', 'url', 'compression', 'narHash', 'narSize', 'references', 'signatures'] },
)

describe('a narinfo', () => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(narInfo, info => {
        expect(parseNarInfo(formatNarInfo(info))).toEqual(info)
      }),
    )
  })

  it('with characters changed is read as another, or refused with a NixError', () => {
    const change = fc.tuple(narInfo, fc.nat(), fc.string({ unit: fc.constantFrom(...'\n\r :0aS'), maxLength: 3 }))
    fc.assert(
      fc.property(change, ([info, place, text]) => {
        const written = formatNarInfo(info)
        const at = place % written.length
        try {
          parseNarInfo(written.slice(0, at) + text + written.slice(at + 1))
        } catch (error) {
          expect(error).toBeInstanceOf(NixError)
          expect((error as NixError).code).toBe('NARINFO_INVALID')
        }
      }),
    )
  })

  it('is refused wherever it is cut off, or lacks fields at its end', () => {
    fc.assert(
      fc.property(narInfo, fc.nat(), (info, place) => {
        const written = formatNarInfo(info)
        const cut = written.slice(0, place % written.length)
        if (!cut.endsWith('\n')) expect(() => parseNarInfo(cut)).toThrow(NixError)
        else if (!cut.includes('NarSize')) expect(() => parseNarInfo(cut)).toThrow(/has no/)
      }),
    )
  })
})
