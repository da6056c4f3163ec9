import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { openScratch, openStaging } from '../../../src/disk/index.ts'
import { ownThreadName } from '../../../src/disk/thread-name.ts'
import { temporaryFolder } from '../../temporary.ts'
import { ENDED, leaveScratch } from './scratch-folders.ts'

let folder = ''
beforeEach(() => {
  folder = temporaryFolder()
})
const namesHere = () => readdirSync(folder).sort()

describe('openScratch', () => {
  it('removes what an ended thread has left, and not what it links to', async () => {
    const precious = temporaryFolder()
    writeFileSync(join(precious, 'file'), '')
    const left = leaveScratch(folder, ENDED)
    mkdirSync(join(left, 'version/sub'), { recursive: true })
    symlinkSync(precious, join(left, 'version/sub/link'))
    const scratch = await openScratch(folder)
    expect(scratch.warnings).toEqual([])
    expect(namesHere()).toEqual([basename(scratch.folder)])
    await scratch.discard()
    expect(namesHere()).toEqual([])
    expect(readdirSync(precious)).toEqual(['file'])
  })

  it('removes a folder that a killed thread could not mark any more, and one that was abandoned', async () => {
    mkdirSync(join(folder, `.nspawn-rootfs-${ENDED}-0badcafe`), { mode: 0o700 })
    const abandoned = await openScratch(folder)
    writeFileSync(join(abandoned.folder, 'x'), '')
    await abandoned.abandon()
    await abandoned.discard()
    expect(namesHere()).toEqual([basename(abandoned.folder)])
    await (await openScratch(folder)).discard()
    expect(namesHere()).toEqual([])
  })

  it('removes what is left of a lock that was being removed', async () => {
    symlinkSync(ENDED, join(folder, '.nspawn-rootfs.lock-0123456789abcdef'))
    await (await openScratch(folder)).discard()
    expect(namesHere()).toEqual([])
  })

  it('leaves alone, and names, a folder that only looks as if it were left over', async () => {
    const path = join(folder, `.nspawn-rootfs-${ENDED}-0badcafe`)
    mkdirSync(path, { mode: 0o755 })
    writeFileSync(join(path, 'file'), '')
    const scratch = await openScratch(folder)
    expect(scratch.warnings).toMatchObject([{ code: 'LEFT_OVER_NOT_OWN', path }])
    await scratch.discard()
    expect(readdirSync(path)).toEqual(['file'])
  })

  it('goes by the mark: a name can be given to the folder of a running thread', async () => {
    const running = leaveScratch(folder, ownThreadName())
    const renamed = join(folder, `.nspawn-rootfs-${ENDED}-0badcafe`)
    renameSync(running, renamed)
    const scratch = await openScratch(folder)
    expect(scratch.warnings).toEqual([])
    await scratch.discard()
    expect(namesHere()).toEqual([basename(renamed)])
  })
})

describe('openStaging', () => {
  it('writes into its folder, though somebody puts a link in its place', async () => {
    chmodSync(folder, 0o777)
    const elsewhere = temporaryFolder()
    const staging = await openStaging(folder, ['file'])
    const [name = ''] = namesHere()
    renameSync(join(folder, name), join(folder, 'aside'))
    symlinkSync(elsewhere, join(folder, name))
    const file = await staging.create('file')
    await file.write(Buffer.from('text'))
    await file.close()
    expect(readdirSync(elsewhere)).toEqual([])
    await staging.commit(['file'], [])
    await staging.discard()
    expect(readFileSync(join(folder, 'file'), 'utf8')).toBe('text')
    expect(readdirSync(join(folder, 'aside'))).toEqual([])
  })

  it.each(['out', '.'])(
    'changes nothing elsewhere, though somebody puts a link in place of a folder: %s',
    async exchanged => {
      const shared = join(folder, 'shared')
      const elsewhere = temporaryFolder()
      for (const place of [shared, join(shared, 'out'), join(elsewhere, 'out')]) mkdirSync(place, { recursive: true })
      for (const place of [elsewhere, join(elsewhere, 'out')]) {
        for (const name of ['file', 'old']) writeFileSync(join(place, name), 'precious')
      }
      writeFileSync(join(shared, 'out/old'), '')
      chmodSync(exchanged === 'out' ? shared : folder, 0o777)
      const staging = await openStaging(join(shared, 'out'), ['file'])
      const file = await staging.create('file')
      renameSync(join(shared, exchanged), join(folder, 'aside'))
      symlinkSync(elsewhere, join(shared, exchanged))
      await file.write(Buffer.from('text'))
      await file.close()
      await staging.commit(['file'], ['old'])
      await expect(staging.create('no/file')).rejects.toMatchObject({ path: join(shared, 'out/no/file') })
      await staging.discard()
      const aside = join(folder, exchanged === 'out' ? 'aside' : 'aside/out')
      expect(readdirSync(aside)).toEqual(['file'])
      for (const place of [elsewhere, join(elsewhere, 'out')]) {
        expect(readFileSync(join(place, 'file'), 'utf8')).toBe('precious')
        expect(readFileSync(join(place, 'old'), 'utf8')).toBe('precious')
      }
    },
  )

  it.each(['folder', 'file'])('is told at once of a %s where the lock is to be', async kind => {
    const lock = join(folder, '.nspawn-rootfs.lock')
    if (kind === 'folder') mkdirSync(lock)
    else writeFileSync(lock, '')
    await expect(openStaging(folder, [])).rejects.toMatchObject({
      ...{ code: 'DISK_FAILED', path: lock },
      message: expect.stringContaining(
        'is in the way of the lock of builds, and belongs to this user; have it removed',
      ),
    })
    expect(namesHere()).toEqual(['.nspawn-rootfs.lock'])
  })
})
