import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type TarEntry, tarEntrySize } from '../../../src/tar/index.ts'
import { latin1 } from '../../latin1.ts'
import { type ArchiveEntry, archiveOf, readArchive } from './archive.ts'

const byte = fc.integer({ min: 1, max: 255 }).map(code => String.fromCharCode(code))
const name = fc
  .oneof(
    fc.string({ unit: byte, minLength: 1, maxLength: 20 }),
    fc.integer({ min: 95, max: 105 }).map(length => 'n'.repeat(length)),
  )
  .map(name => name.replaceAll('/', '_'))
  .filter(name => name !== '.' && name !== '..')
const path = fc.array(name, { minLength: 1, maxLength: 12 }).map(names => latin1(names.join('/')))
const target = fc
  .oneof(
    fc.string({ unit: byte, minLength: 1, maxLength: 300 }),
    fc.integer({ min: 95, max: 105 }).map(length => 't'.repeat(length)),
  )
  .map(latin1)
const numbers = {
  mode: fc.integer({ min: 0, max: 0o7777 }),
  uid: fc.integer({ min: 0, max: 2 ** 32 }),
  gid: fc.integer({ min: 0, max: 2 ** 32 }),
  mtime: fc.integer({ min: 0, max: 2 ** 40 }),
}
const entry: fc.Arbitrary<ArchiveEntry> = fc.oneof(
  fc.record({
    entry: fc.record<TarEntry>({ type: fc.constant('file'), path, ...numbers }),
    contents: fc.uint8Array({ maxLength: 1100 }),
  }),
  fc.record({ entry: fc.record<TarEntry>({ type: fc.constant('directory'), path, ...numbers }) }),
  fc.record({
    entry: fc.record<TarEntry>({ type: fc.constant('symlink'), path, linkname: target, ...numbers }),
  }),
  fc.record({
    entry: fc.record<TarEntry>({ type: fc.constant('hardlink'), path, linkname: path, ...numbers }),
  }),
)
const READ_TYPES = { file: 'file', directory: 'directory', symlink: 'symlink', hardlink: 'link' }

describe('archives', () => {
  it('are read by tar-stream as they were meant', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 8 }), async entries => {
        const read = await readArchive(archiveOf(entries))
        expect(read).toEqual(
          entries.map(({ entry: { type, path, linkname, mode, uid, gid, mtime }, contents }) => ({
            ...{ path, type: READ_TYPES[type], linkname, mode, uid, gid, mtime, pax: {} },
            contents: Buffer.from(contents ?? []),
          })),
        )
      }),
    )
  })

  it('are as long as their sizes say', () => {
    fc.assert(
      fc.property(entry, ({ entry, contents }) => {
        const size = tarEntrySize({ ...entry, ...(contents && { size: contents.length }) })
        const archive = archiveOf([{ entry, contents }])
        expect(archive.subarray(size).every(byte => byte === 0)).toBe(true)
        expect(archive.length).toBe(Math.ceil((size + 1024) / 10240) * 10240)
      }),
    )
  })
})
