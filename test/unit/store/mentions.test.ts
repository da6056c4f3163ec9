import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, it, onTestFinished, vi } from 'vitest'
import { encodeNixBase32, parseStorePath, parseStorePathBaseName, type StorePath } from '../../../src/nix/index.ts'
import { createMentions, indexDigests } from '../../../src/store/mentions.ts'
import { storePathOf } from '../../chroot-store.ts'

const PATHS = Array.from({ length: 20 }, (_, i) => parseStorePath(storePathOf(`path-${i}`)))
// Two paths may have one digest, and a digest may be all of one digit.
const ALL = [
  ...PATHS,
  parseStorePathBaseName(`${PATHS[0].digest}-other`),
  parseStorePathBaseName(`${'a'.repeat(32)}-a`),
]

const found = (paths: readonly StorePath[], chunks: readonly Uint8Array[]) => {
  const mentions = createMentions(indexDigests(paths))
  for (const chunk of chunks) mentions.look(chunk)
  return mentions.found().map(({ path }) => path)
}

const digest = fc.constantFrom(...ALL.map(each => each.digest))
const piece = fc.oneof(
  digest,
  digest.map(text => text.slice(0, 31)),
  digest.map(text => text.toUpperCase()),
  fc.constantFrom('a', 'aaaaaaa', 'e', '-', '/nix/store/', '\0', '\xe1'),
  fc.string({ maxLength: 40 }),
)

it('finds the paths whose digest is anywhere in the bytes, however these are cut', () => {
  fc.assert(
    fc.property(fc.array(piece), fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1 }), (pieces, sizes) => {
      const bytes = Buffer.from(pieces.join(''), 'latin1')
      const chunks: Buffer[] = []
      for (let at = 0, i = 0; at < bytes.length; i++) {
        chunks.push(bytes.subarray(at, at + (sizes[i % sizes.length] || 1)))
        at += chunks[i].length
      }
      const expected = ALL.filter(({ digest }) => bytes.includes(digest)).map(({ path }) => path)
      expect(found(ALL, chunks)).toEqual(expected)
    }),
    { numRuns: 1000 },
  )
})

it('looks at many bytes once, and not once for each of many paths', () => {
  const paths = Array.from({ length: 20_000 }, (_, i) => {
    const bytes = createHash('sha256').update(`${i}`).digest().subarray(0, 20)
    return parseStorePathBaseName(`${encodeNixBase32(bytes)}-${i}`)
  })
  // A search for each path would read 2.6 TB.
  const chunk = Buffer.alloc(1 << 16, 'some text, and abcdfghijklmnpqrsvwxyz0123456789 in it ')
  const chunks = Array.from({ length: 2000 }, () => chunk)
  expect(found(paths, [...chunks, Buffer.from(paths[7].digest)])).toEqual([paths[7].path])
})

it('reads the digests of many paths once for many files', () => {
  let count = 0
  const paths = PATHS.map(path => ({
    ...path,
    get digest() {
      count++
      return path.digest
    },
  }))
  const index = indexDigests(paths)
  for (let i = 0; i < 100; i++) {
    const mentions = createMentions(index)
    mentions.look(Buffer.from(PATHS[i % 2].digest))
    expect(mentions.found()).toEqual([paths[i % 2]].map(path => expect.objectContaining({ path: path.path })))
  }
  expect(count).toBeLessThan(5 * paths.length)
})

it('makes no text of digits that no digest begins with', () => {
  const toText = vi.spyOn(Buffer.prototype, 'toString')
  onTestFinished(() => toText.mockRestore())
  const mentions = createMentions(indexDigests(PATHS))
  toText.mockClear()
  mentions.look(Buffer.alloc(100_000, 'z'))
  mentions.look(Buffer.from(PATHS[3].digest))
  expect(toText).toHaveBeenCalledOnce()
  expect(mentions.found()).toEqual([PATHS[3]])
})
