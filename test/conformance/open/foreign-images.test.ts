import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { needs } from '../../programs.ts'
import { FOREIGN_PROGRAMS, makeForeignImage } from '../../system/support/foreign-images.ts'
import { temporaryFolder } from '../../temporary.ts'
import { compareFolders, extractTwice, listByTar, listByUs, otherContents } from './as-tar.ts'

const programs = needs(...FOREIGN_PROGRAMS, 'find', 'diff')

/** Formats and compressors that the tests of `openImage` have not. */
const IMAGES = [
  ...['GNU tar with attributes', 'GNU tar with lists', 'GNU tar, incremental, posix', 'GNU tar with a label'],
  ...['GNU tar with absolute paths', 'GNU tar that appends', 'GNU tar that updates hard links', 'two archives in one'],
  ...['bsdtar --format=paxr', 'bsdtar with attributes and lists', 'Python, PAX', 'git archive'],
  ...['a layer of overlayfs', 'pixz', 'xz -T2'],
]

describe.skipIf(programs.skip)(`images of other tools${programs.because}`, () => {
  it.each(IMAGES)('are listed, read and extracted as GNU tar does it: %s', async name => {
    const folder = temporaryFolder()
    const image = makeForeignImage(name, join(folder, 'made'))
    expect(await listByUs(image)).toEqual(listByTar(image))
    const extracted = await extractTwice(image, folder)
    expect(compareFolders(extracted)).toBe('')
    expect(await otherContents(image, extracted.theirs)).toEqual([])
  })

  it('with all below one folder are, too, in part', async () => {
    const folder = temporaryFolder()
    makeForeignImage('pixz', join(folder, 'made'))
    const image = join(folder, 'image')
    mkdirSync(join(folder, 'part'))
    execFileSync('tar', ['-C', join(folder, 'made'), '--sort=name', '-cJf', image, 'tree'])
    expect(await listByUs(image)).toEqual(listByTar(image))
    const extracted = await extractTwice(image, join(folder, 'part'), ['tree/usr/lib', 'tree/etc/os-release'])
    expect(compareFolders(extracted)).toBe('')
  })
})
