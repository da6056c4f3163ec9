import { execFileSync, spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createByteInput } from '../../../src/unpack/index.ts'
import { attributesOf, createTarEntries, type TarEntry } from '../../../src/untar/index.ts'
import { lent } from '../../lent.ts'
import { needs } from '../../programs.ts'
import { END_OF_TAR, rawEntry, rawPax } from '../../raw-tar.ts'
import { temporaryFolder } from '../../temporary.ts'

/** Pieces of `bytes` that are at most as long as `lengths`, which come again and again. */
function* cut(bytes: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const length = lengths[i % lengths.length]!
    yield bytes.subarray(at, at + length)
    at += length
  }
}

async function entriesOf(pieces: Iterable<Uint8Array>, wanted: number) {
  const archive = createTarEntries(createByteInput(lent(pieces)))
  const found: { path: string; target: string; size: number; head: Uint8Array | undefined }[] = []
  for (;;) {
    const next = await archive.next()
    if ('kind' in next) return { found, end: next.kind, offset: archive.offset }
    found.push({
      path: next.path,
      target: next.target,
      size: next.size,
      head: await archive.contents(next.size, wanted),
    })
  }
}

const gnuTar = needs('tar')

function listedByGnuTar(input: Uint8Array): string[] {
  return execFileSync('tar', ['-tf', '-'], { input }).toString().split('\n').slice(0, -1)
}

describe('entries of a tar archive', () => {
  const LONG_PATH = `${'a-long-name/'.repeat(20)}file`
  const LONG_TARGET = '../'.repeat(60)
  const CONTENTS = Array.from({ length: 4 }, (_, i) => Buffer.alloc(700 * i * i, `${i} contents of a file\n`))
  const archive = Buffer.concat([
    ...CONTENTS.map((data, i) => rawEntry({ name: `file-${i}`, data })),
    rawEntry({ name: '././@LongLink', type: 'L', format: 'gnu', data: `${LONG_PATH}\0` }),
    rawEntry({ name: 'cut', data: 'x', format: 'gnu' }),
    rawEntry({ name: '././@LongLink', type: 'K', format: 'gnu', data: `${LONG_TARGET}\0` }),
    rawEntry({ name: 'link', type: '2', linkname: 'cut', format: 'gnu' }),
    rawPax({ path: 'by-pax', linkpath: 'target' }),
    rawEntry({ name: 'cut', type: '2', linkname: 'cut' }),
    END_OF_TAR,
  ])

  it('are the same, with the heads of their contents, however the bytes come in lent memory', async () => {
    const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 600 }), fc.constantFrom(512, 1024, 5000)), {
      minLength: 1,
      maxLength: 5,
    })
    await fc.assert(
      fc.asyncProperty(lengths, fc.nat(8000), async (lengths, wanted) => {
        const { found, end, offset } = await entriesOf(cut(archive, lengths), wanted)
        const heads = [...CONTENTS, Buffer.from('x'), Buffer.alloc(0), Buffer.alloc(0)]
        expect(found.map(({ head }) => Buffer.from(head!))).toEqual(heads.map(data => data.subarray(0, wanted)))
        expect(found.map(({ path }) => path)).toEqual([
          ...CONTENTS.map((_, i) => `file-${i}`),
          LONG_PATH,
          'link',
          'by-pax',
        ])
        expect(found.map(({ target }) => target)).toEqual(['', '', '', '', '', LONG_TARGET, 'target'])
        expect({ end, offset }).toEqual({ end: 'zeros', offset: archive.length - END_OF_TAR.length })
      }),
    )
  })

  it('say where they break off', async () => {
    const cutOff = [
      [archive.subarray(0, 0), 'end'],
      [archive.subarray(0, 300), 'part'],
      [Buffer.alloc(300), 'part-of-zeros'],
      [Buffer.alloc(512, 'no header'), 'no-header'],
      [Buffer.concat([rawPax({ path: 'long'.repeat(300) })]).subarray(0, 1024), 'cut'],
    ] as const
    for (const [bytes, kind] of cutOff) expect(await entriesOf([bytes], 0)).toMatchObject({ found: [], end: kind })
  })

  it('keep the records of global headers that are about each of them', async () => {
    const bytes = Buffer.concat([
      rawPax({ uid: '7', comment: 'not kept' }, 'g'),
      rawEntry({ name: 'a' }),
      rawPax({ uid: '8' }),
      rawEntry({ name: 'b' }),
      END_OF_TAR,
    ])
    const archive = createTarEntries(createByteInput(lent([bytes])))
    const records = [await archive.next(), await archive.next()].map(entry => (entry as TarEntry).pax)
    expect(records).toEqual([{ uid: '7' }, { uid: '8' }])
  })

  it('have the time of a global header unless they have their own', async () => {
    const bytes = Buffer.concat([
      rawPax({ mtime: '1000000000.5' }, 'g'),
      rawEntry({ name: 'a' }),
      rawPax({ mtime: '7' }),
      rawEntry({ name: 'b' }),
      END_OF_TAR,
    ])
    const archive = createTarEntries(createByteInput(lent([bytes])))
    const times = [await archive.next(), await archive.next()].map(entry => attributesOf(entry as TarEntry).mtime)
    expect(times).toEqual([1_000_000_000.5, 7])
    if (gnuTar.skip) return
    const folder = temporaryFolder()
    execFileSync('tar', ['-C', folder, '-xf', '-'], { input: bytes })
    expect(['a', 'b'].map(name => statSync(join(folder, name)).mtimeMs / 1000)).toEqual(times)
  })

  it('end the names of pax records at a NUL', async () => {
    const bytes = Buffer.concat([
      rawPax({ path: 'etc/shadow\0.readme', linkpath: 'a\0b', comment: 'c\0d' }),
      rawEntry({ name: 'link', type: '2', linkname: 'x' }),
      rawPax({ 'GNU.sparse.name': 'sparse\0x' }),
      rawEntry({ name: 'file' }),
      rawPax({ path: 'for-all\0x' }, 'g'),
      rawEntry({ name: 'file' }),
      END_OF_TAR,
    ])
    const { found } = await entriesOf([bytes], 0)
    expect(found.map(({ path, target }) => [path, target])).toEqual([
      ['etc/shadow', 'a'],
      ['sparse', ''],
      ['for-all', ''],
    ])
    if (!gnuTar.skip) expect(found.map(({ path }) => path)).toEqual(listedByGnuTar(bytes))
  })

  it.each([
    ['blanks', ' '.repeat(8), undefined],
    ['a NUL and blanks', `\0${' '.repeat(7)}`, undefined],
    ['blanks and a NUL', `${' '.repeat(7)}\0`, 0],
    ['NULs', '\0'.repeat(8), 0],
  ])('have a number in a field of %s only where GNU tar finds one', async (_, field, mode) => {
    const bytes = Buffer.concat([rawEntry({ name: 'a', bytes: { 100: field } }), END_OF_TAR])
    const entry = await createTarEntries(createByteInput(lent([bytes]))).next()
    expect((entry as TarEntry).header.mode).toBe(mode)
    if (gnuTar.skip) return
    const { status } = spawnSync('tar', ['-C', temporaryFolder(), '-xf', '-'], { input: bytes })
    expect(status).toBe(mode === undefined ? 2 : 0)
  })

  it.skipIf(gnuTar.skip)(`say where GNU tar finds another path than libarchive${gnuTar.because}`, async () => {
    for (const magic of ['ustar\x0000', 'ustar\0  ', 'ustar\x0100', 'ustar  0']) {
      const bytes = Buffer.concat([rawEntry({ name: 'a', prefix: 'b', bytes: { 257: magic } }), END_OF_TAR])
      const { header } = (await createTarEntries(createByteInput(lent([bytes]))).next()) as TarEntry
      expect(header.path).toBe('b/a')
      expect(listedByGnuTar(bytes)).toEqual([header.isPrefixDisputed ? 'a' : 'b/a'])
    }
  })

  it('are also those of types that importers make files of, but not labels of volumes', async () => {
    const bytes = Buffer.concat([
      rawEntry({ name: 'label', type: 'V' }),
      ...['A', 'Z'].map(type => rawEntry({ name: type, type, data: 'x' })),
      END_OF_TAR,
    ])
    const { found } = await entriesOf([bytes], 1)
    expect(found.map(({ path, head }) => [path, Buffer.from(head!).toString()])).toEqual([
      ['A', 'x'],
      ['Z', 'x'],
    ])
    if (!gnuTar.skip) expect(listedByGnuTar(bytes).filter(path => path !== 'label')).toEqual(['A', 'Z'])
  })

  it('have the records of the last pax header in front of them only', async () => {
    const bytes = Buffer.concat([rawPax({ path: 'b' }), rawPax({ comment: 'x' }), rawEntry({ name: 'a' }), END_OF_TAR])
    const { found } = await entriesOf([bytes], 0)
    expect(found.map(({ path }) => path)).toEqual(['a'])
    if (!gnuTar.skip) expect(listedByGnuTar(bytes)).toEqual(['a'])
  })

  it.each(['1.5', '0.5', '0x10', '1e3', '-5', ' 5', 'Infinity'])(
    'have the size in their header if a pax record says %s',
    async size => {
      const archive = Buffer.concat([rawPax({ size }), rawEntry({ name: 'file', data: 'contents' }), END_OF_TAR])
      // Each piece ends with a header: contents begin with a new one.
      const { found, end } = await entriesOf(cut(archive, [1536, 512]), 100)
      expect(found).toEqual([expect.objectContaining({ size: 8, head: Uint8Array.from(Buffer.from('contents')) })])
      expect(end).toBe('zeros')
    },
  )
})
