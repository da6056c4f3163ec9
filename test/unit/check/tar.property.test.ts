import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { checkArchive } from '../../../src/check/index.ts'
import { END_OF_TAR, rawEntry, rawPax } from '../../raw-tar.ts'

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const header = fc
  .record({
    name: fc.oneof(fc.constantFrom('a', 'a/', 'a/b', './', '', '..', 'a/../b', '/a'), fc.string({ maxLength: 100 })),
    type: fc.oneof(
      fc.constantFrom(...'01234567DKLMNSVXgx'),
      fc.integer({ min: 0, max: 255 }).map(byte => String.fromCharCode(byte)),
    ),
    size: fc.option(fc.oneof(fc.nat(2000), fc.constantFrom(0o77777777777)), { nil: undefined }),
    linkname: fc.constantFrom('', 'a', 'a/', '..', '/a/b'),
    format: fc.constantFrom('ustar', 'gnu', 'v7'),
    data: fc.uint8Array({ maxLength: 1500 }),
    bytes: fc.dictionary(fc.nat(511).map(String), fc.uint8Array({ maxLength: 1 }), { maxKeys: 5 }),
  })
  .map(entry => rawEntry(entry as Parameters<typeof rawEntry>[0]))
const pax = fc
  .dictionary(fc.constantFrom('path', 'size', 'uid', 'linkpath', 'SCHILY.acl.access', 'SCHILY.xattr.a'), fc.string())
  .map(records => rawPax(records))
const archive = fc
  .array(
    fc.oneof({ weight: 4, arbitrary: header }, pax, fc.constant(Buffer.alloc(512)), fc.uint8Array({ maxLength: 600 })),
  )
  .map(parts => Buffer.concat([...parts, END_OF_TAR]))

describe('a tar archive', () => {
  it('is read to its end, whatever is in it and however it comes', async () => {
    await fc.assert(
      fc.asyncProperty(archive, fc.constantFrom(7, 512, 1_000_000), async (bytes, size) => {
        const report = await checkArchive(cut(bytes, size))
        expect(report.size).toBe(bytes.length)
        expect(report).toEqual(await checkArchive(cut(bytes, 1000)))
      }),
    )
  })
})
