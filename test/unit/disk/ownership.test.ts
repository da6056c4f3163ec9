import { chmodSync, lstatSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { isOwn, openStaging } from '../../../src/disk/index.ts'
import { sharingOf } from '../../../src/disk/ownership.ts'
import { temporaryFolder } from '../../temporary.ts'

let folder = ''
beforeEach(() => {
  folder = temporaryFolder()
})

describe('sharingOf', () => {
  it.each([
    [0o755, 'private'],
    [0o700, 'private'],
    [0o1755, 'private'],
    [0o777, 'open'],
    [0o757, 'open'],
    [0o1777, 'sticky'],
  ])('of a folder of mode %o is %s', async (mode, sharing) => {
    chmodSync(folder, mode)
    expect(await sharingOf(folder)).toBe(sharing)
  })
})

describe('sharingOf a folder that others may put another one in the place of', () => {
  it.each([
    [0o777, 'open'],
    [0o1777, 'private'],
    [0o755, 'private'],
  ])('below one of mode %o is %s', async (mode, sharing) => {
    mkdirSync(join(folder, 'above/out'), { recursive: true })
    symlinkSync('above', join(folder, 'link'))
    chmodSync(join(folder, 'above'), mode)
    for (const name of ['above/out', 'link/out', 'link/out/../../above/out']) {
      expect(await sharingOf(`${folder}/${name}`)).toBe(sharing)
    }
  })
})

describe('isOwn', () => {
  it.each([
    [0o644, true],
    [0o666, false],
    [0o646, false],
  ])('of a file of mode %o is %s', (mode, own) => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    chmodSync(file, mode)
    expect(isOwn(statSync(file))).toBe(own)
  })

  it('holds for a link, which nobody can change', () => {
    symlinkSync('nowhere', join(folder, 'link'))
    expect(isOwn(lstatSync(join(folder, 'link')))).toBe(true)
  })

  it('holds for what is delivered, whatever the umask', async () => {
    const umask = process.umask(0)
    onTestFinished(() => void process.umask(umask))
    const staging = await openStaging(folder, [])
    await (await staging.create('file')).close()
    await staging.commit(['file'], [])
    expect(isOwn(statSync(join(folder, 'file')))).toBe(true)
  })
})
