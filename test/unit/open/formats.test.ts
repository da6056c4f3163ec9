import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openImage } from '../../../src/open/index.ts'
import { runCommand } from '../../command.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'
import { collect, compressFile, makeFolder, packFolder } from './support.ts'

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
  it.each(['gnu', 'oldgnu', 'pax', 'posix'])('in format %s is listed as tar -tv lists it', async format => {
    const folder = temporaryFolder()
    const file = packFolder(makeFolder(folder), join(folder, 'a.tar'), `--format=${format}`)
    const { text, code } = await list(file)
    const expected = listByTar(file).replace(/^.* \.\/\n/, '')
    expect(text.replace(/^.* \.\/\n/, '')).toBe(expected)
    expect(code).toBe(0)
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
      ['zstd', '.zst', ['zstd', '-1'], false],
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
    execFileSync('pixz', ['-t', 'a.tar', 'a.tpxz'], { cwd: folder })
    await using image = await openImage(join(folder, 'a.tpxz'))
    expect((await collect(image.contents('usr/big'))).equals(readFileSync(join(tree, 'usr/big')))).toBe(true)
  })

  it('says that it is read from its beginning if it cannot seek', async () => {
    const folder = temporaryFolder()
    const file = compressFile(packFolder(makeFolder(folder), join(folder, 'a.tar')), '.gz', ['gzip', '-1'])
    const { stderr, code } = await list(file)
    expect(stderr).toBe(`${file}: cannot seek, so it is read from its beginning\n`)
    expect(code).toBe(0)
  })
})
