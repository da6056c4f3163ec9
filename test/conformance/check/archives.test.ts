import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { type ArchiveReport, checkArchive } from '../../../src/check/index.ts'
import { build, FORMATS } from '../../../src/index.ts'
import { bulk, createNixosStore } from '../../nixos-store.ts'
import { needs } from '../../programs.ts'
import { temporaryFolder } from '../../temporary.ts'
import { brief } from '../../unit/check/images.ts'
import { makeOsTree, pythonArchive, shell } from './archivers.ts'

let folder = ''
beforeEach(() => {
  folder = temporaryFolder()
  makeOsTree(folder)
})
const check = (file: string) => checkArchive(join(folder, file))
/** What is found but of the order, in which the archive of a folder has its files as the disk does. */
const briefs = ({ findings }: ArchiveReport) => findings.map(brief).filter(each => !each.includes(' order '))

const tools = needs('tar', 'bsdtar', 'python3')
describe.skipIf(tools.skip)(`an archive is taken that is made by${tools.because}`, () => {
  it.each([
    ['GNU tar', 'tar -c --format=gnu --sort=name -C tree -f a.tar .', []],
    ['GNU tar in the old format', 'tar -c --format=oldgnu --sort=name -C tree -f a.tar etc sbin usr', []],
    [
      'GNU tar with pax records',
      'tar -c --format=pax --sort=name -C tree -f a.tar .',
      ['warning non-ascii-pax usr/lib/ä'],
    ],
    [
      'GNU tar, sparse',
      'truncate -s 1M tree/usr/sparse; tar -c --format=pax -S --sort=name -C tree -f a.tar etc sbin usr',
      ['warning non-ascii-pax usr/lib/ä'],
    ],
    ['bsdtar', 'bsdtar -c --format=gnutar -C tree -f a.tar .', []],
    ['bsdtar with pax records', 'bsdtar -c --format=pax -C tree -f a.tar .', expect.anything()],
    ['bsdtar, v7', `rm tree/usr/lib/n*; bsdtar -c --format=v7 -C tree -f a.tar .`, []],
    ['python', `${pythonArchive('')}; mv odd.tar a.tar`, []],
  ])('%s', async (_, line, expected) => {
    shell(folder, line)
    const report = await check('a.tar')
    expect(briefs(report)).toEqual(expected)
    expect(report.findings.filter(({ severity }) => severity === 'error')).toEqual([])
    const listed = execFileSync('tar', ['-tf', join(folder, 'a.tar')], { encoding: 'utf8' })
    expect(report.entries).toBe(listed.trimEnd().split('\n').length)
  })
})

const packers = needs('tar', 'xz', 'gzip', 'bzip2', 'zstd', 'pixz')
describe.skipIf(packers.skip)(`a compressed archive is read that is made by${packers.because}`, () => {
  it.each([
    ['xz', 'xz'],
    ['xz', 'xz --check=none -T1'],
    ['xz', 'xz --check=sha256 --block-size=64KiB'],
    ['xz', 'xz --x86 --delta=dist=4 --lzma2=preset=1'],
    ['xz', 'xz --arm --lzma2=preset=0 --check=crc32'],
    ['xz', 'pixz -t'],
    ['gzip', 'gzip -1'],
    ['bzip2', 'bzip2 -1'],
    ['zstd', 'zstd -qc --long=27'],
  ])('%s: %s', async (compression, command) => {
    shell(folder, `head -c 1000000 /dev/urandom > tree/usr/noise; head -c 20000000 /dev/zero > tree/usr/zeros`)
    shell(folder, `tar -c --sort=name -C tree -f a.tar etc sbin usr; ${command} < a.tar > a`)
    const { size: tarSize } = await check('a.tar')
    const report = await check('a')
    expect(report).toMatchObject({ compression, tarSize, entries: 12 })
    expect(briefs(report)).toEqual(compression === 'zstd' ? ['error compression'] : [])
  })

  it('pixz with an index, as nixpkgs once did', async () => {
    // One that is as long as that of a real image: less than a block goes unnoticed.
    shell(folder, 'for i in $(seq 50); do echo > tree/usr/lib/a-file-with-a-name-$i; done')
    shell(folder, 'tar -c --sort=name -C tree -f a.tar etc sbin usr; pixz a.tar a.tpxz')
    expect(briefs(await check('a.tpxz'))).toEqual(['error trailing-data', 'warning trailing-data'])
  })

  it.each([
    ['gzip', 'gzip', 'error one-stream'],
    ['bzip2', 'bzip2', 'error one-stream'],
    ['xz', 'xz', undefined],
  ])('%s in two streams', async (_, command, expected) => {
    shell(folder, 'tar -c --sort=name -C tree -f a.tar etc sbin usr')
    shell(folder, `head -c 5000 a.tar | ${command} > a; tail -c +5001 a.tar | ${command} >> a`)
    expect(briefs(await check('a'))).toEqual(expected === undefined ? [] : [expected])
  })
})

describe('an image of our own', () => {
  it.each(FORMATS)('in the format %s has nothing wrong with its archive', async format => {
    const store = createNixosStore(folder)
    store.add('large', bulk(20))
    const spec = { source: store.source, toplevel: store.toplevel, format, level: 0 } as const
    const { image, manifest, tarSize } = await build(spec).toFolder(join(folder, 'out'))
    const report = await checkArchive(image)
    expect(report).toMatchObject({ tarSize, storePaths: manifest.storePaths.map(({ path }) => path.slice(11)) })
    expect(report.findings.filter(({ severity }) => severity !== 'note').map(brief)).toEqual(
      format === 'tar.zst' ? ['error compression'] : [],
    )
  })
})
