import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { constants, zstdCompressSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { openImage } from '../../../src/open/index.ts'
import { runCommand } from '../../command.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'
import { collect, compressFile, countingSource, makeFolder, packFolder } from './support.ts'

const programs = needs('tar', 'xz', 'zstd', 'gzip', 'bzip2', 'pixz')

/** What GNU tar lists, in the words of `ls -lR`: paths without `./` in front. */
function listByTar(file: string): string {
  const text = execFileSync('tar', ['--numeric-owner', '-tvf', file], { env: { ...process.env, LC_ALL: 'C.UTF-8' } })
  return text.toString().replaceAll(/(:\d\d) \.\/(?=.)/g, '$1 ')
}

const list = async (file: string) => {
  const { stdout, stderr, code } = await runCommand(['ls', '-lR', file])
  return { text: stdout.toString(), stderr, code }
}

describe.skipIf(programs.skip)(`an archive of GNU tar${programs.because}`, () => {
  it.each([
    ['gnu'],
    ['oldgnu', '-S'],
    ['gnu', '-S'],
    ['posix'],
    ['posix', '-S', '--sparse-version=0.0'],
    ['posix', '-S', '--sparse-version=0.1'],
    ['posix', '-S', '--sparse-version=1.0'],
    ['ustar'],
    ['v7', '--exclude=pipe', '--exclude=dddd*'],
  ])('in format %s is listed and read as tar does it, with %j %j', async (format, ...options) => {
    const folder = temporaryFolder()
    const tree = makeFolder(folder)
    execFileSync('truncate', ['-s', '2M', join(tree, 'usr/sparse')])
    writeFileSync(join(tree, 'usr/sparse'), 'end', { flag: 'a' })
    const file = packFolder(tree, join(folder, 'a.tar'), `--format=${format}`, ...options)
    const { text, code } = await list(file)
    const expected = listByTar(file).replace(/^.* \.\/\n/, '')
    expect(text.replace(/^.* \.\/\n/, '')).toBe(expected)
    expect(code).toBe(0)
    await using image = await openImage(file)
    for (const path of ['usr/sparse', 'usr/big', 'usr/same']) {
      const bytes = execFileSync('tar', ['-xOf', file, `./${path === 'usr/same' ? 'usr/big' : path}`], {
        maxBuffer: 2 ** 28,
      })
      expect((await collect(image.contents(path))).equals(bytes), path).toBe(true)
    }
  })

  const COMPRESSORS: readonly (readonly [name: string, suffix: string, command: readonly string[], seeks: boolean])[] =
    [
      ['xz in one block', '.xz', ['xz', '-1', '-T1'], true],
      ['xz in blocks', '.xz', ['xz', '-1', '--block-size=300KiB'], true],
      ['xz with SHA-256', '.xz', ['xz', '-1', '--check=sha256', '--block-size=1MiB'], true],
      ['xz without checks', '.xz', ['xz', '-1', '--check=none', '--block-size=1MiB'], true],
      ['xz with x86 branches', '.xz', ['xz', '--x86', '--lzma2=preset=0', '--block-size=1MiB'], true],
      ['gzip', '.gz', ['gzip', '-1'], false],
      ['bzip2', '.bz2', ['bzip2', '-1'], false],
      ['zstd, which says how much it holds', '.zst', ['zstd', '-1'], true],
      ['zstd, which does not', '.zst', ['sh', '-c', 'cat "$1" | zstd -1'], false],
      ['zstd in frames', '.zst', ['sh', '-c', 'split -b 500000 --filter="cat >x; zstd -qc x; rm x" "$1"'], true],
      ['nothing', '', ['cat'], true],
    ]
  it.each(COMPRESSORS)('compressed with %s holds what was packed', async (_, suffix, command, seeks) => {
    const folder = temporaryFolder()
    const tree = makeFolder(folder)
    const tar = packFolder(tree, join(folder, 'a.tar'))
    const file = suffix === '' ? tar : compressFile(tar, suffix, command)
    await using image = await openImage(file)
    expect(image.isSeekable).toBe(seeks)
    for (const path of ['etc/os-release', 'etc/empty', 'etc/grüße', 'usr/big', 'usr/zeros', 'usr/same']) {
      const bytes = await collect(image.contents(path))
      expect(bytes.equals(readFileSync(join(tree, path))), path).toBe(true)
    }
    const linked = await collect(image.contents(`/etc/share/${'d'.repeat(90)}/${'e'.repeat(90)}/long name`))
    expect(linked.toString()).toBe('found\n')
  })

  it('of several streams, with padding between them, holds what was packed', async () => {
    const folder = temporaryFolder()
    const tree = makeFolder(folder)
    packFolder(tree, join(folder, 'a.tar'))
    const script = `head -c 1000000 a.tar | xz -1 > b; head -c 8 /dev/zero >> b; tail -c +1000001 a.tar | xz -1 >> b; head -c 4 /dev/zero >> b`
    execFileSync('sh', ['-c', script], { cwd: folder })
    await using image = await openImage(join(folder, 'b'))
    expect(image.isSeekable).toBe(true)
    expect((await collect(image.contents('usr/big'))).equals(readFileSync(join(tree, 'usr/big')))).toBe(true)
  })

  it('compressed by pixz, whose index of files follows the archive, holds what was packed', async () => {
    const folder = temporaryFolder()
    const tree = makeFolder(folder)
    packFolder(tree, join(folder, 'a.tar'))
    execFileSync('pixz', ['a.tar', 'a.tpxz'], { cwd: folder })
    await using image = await openImage(join(folder, 'a.tpxz'))
    expect((await collect(image.contents('usr/big'))).equals(readFileSync(join(tree, 'usr/big')))).toBe(true)
  })

  it('of several zstd frames is read by the table at their end, unless that lies', async () => {
    const folder = temporaryFolder()
    const tree = makeFolder(folder)
    const tar = readFileSync(packFolder(tree, join(folder, 'a.tar')))
    const parts = Array.from({ length: Math.ceil(tar.length / 400_000) }, (_, i) =>
      tar.subarray(i * 400_000).subarray(0, 400_000),
    )
    const frames = parts.map(part => zstdCompressSync(part, { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } }))
    const tableOf = (sizes: readonly number[]) => {
      const table = Buffer.alloc(8 + 8 * frames.length + 9)
      table.writeUInt32LE(0x184d2a5e, 0)
      table.writeUInt32LE(table.length - 8, 4)
      for (const [i, frame] of frames.entries()) {
        table.writeUInt32LE(frame.length, 8 + 8 * i)
        table.writeUInt32LE(sizes[i], 12 + 8 * i)
      }
      table.writeUInt32LE(frames.length, table.length - 9)
      table.writeUInt32LE(0x8f92eab1, table.length - 4)
      return table
    }
    const file = join(folder, 'a.tar.zst')
    const sizes = parts.map(part => part.length)
    writeFileSync(file, Buffer.concat([...frames, tableOf(sizes)]))
    const source = countingSource(file)
    await using image = await openImage(source)
    expect(image.isSeekable).toBe(true)
    const member = await image.member('etc/os-release')
    const before = source.bytesRead
    expect((await collect(image.contents(member!))).toString()).toBe('ID=test\n')
    expect(source.bytesRead - before).toBeLessThan(500_000)
    writeFileSync(file, Buffer.concat([...frames, tableOf(sizes.map(size => size + 512))]))
    await using lying = await openImage(file)
    await expect(lying.member('usr/big')).rejects.toMatchObject({ code: 'OPEN_CORRUPT' })
  })

  it('says that it is read from its beginning if it cannot seek', async () => {
    const folder = temporaryFolder()
    const file = compressFile(packFolder(makeFolder(folder), join(folder, 'a.tar')), '.gz', ['gzip', '-1'])
    const { stderr, code } = await list(file)
    expect(stderr).toBe(`${file}: cannot seek, so it is read from its beginning\n`)
    expect(code).toBe(0)
  })
})
