import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openBlockCache } from '../../src/index.ts'
import { needsRoot } from './support/root.ts'

const real = needsRoot('mknod')

const NOBODY = 65534
const BYTES = Uint8Array.from({ length: 1000 }, (_, i) => i)

describe.skipIf(real.skip)(`a block cache where others have files${real.because}`, () => {
  let base = ''
  let folder = ''
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'nspawn-rootfs-owners-'))
    chmodSync(base, 0o755)
    folder = join(base, 'cache')
  })
  afterEach(() => rmSync(base, { recursive: true, force: true }))

  const onlyFile = () => join(folder, readdirSync(folder)[0]!)

  it.each([
    ['belongs to another user', () => chownSync(folder, NOBODY, 0)],
    ['lies in a folder of another user', () => chownSync(base, NOBODY, 0)],
    [
      'is a symlink of another user in a folder for all',
      () => {
        chmodSync(base, 0o1777)
        renameSync(folder, join(base, 'target'))
        symlinkSync('target', folder)
        lchownSync(folder, NOBODY, NOBODY)
      },
    ],
    [
      'can be written by a group with members',
      () => {
        chownSync(folder, 0, 1)
        chmodSync(folder, 0o770)
      },
    ],
  ])('is refused where its folder %s', (_, change) => {
    mkdirSync(folder, { mode: 0o755 })
    expect(openBlockCache(folder).folder).toBe(folder)
    change()
    expect(() => openBlockCache(folder)).toThrow(expect.objectContaining({ code: 'FOLDER_UNTRUSTED' }))
    expect(openBlockCache(folder, { shared: true }).folder).toBe(folder)
  })

  it('is refused to root in the home of a user, as sudo may keep it', () => {
    mkdirSync(join(base, '.cache'))
    for (const path of [join(base, '.cache'), base]) chownSync(path, NOBODY, NOBODY)
    expect(() => openBlockCache(join(base, '.cache', 'nspawn-rootfs'))).toThrow(/belongs to user 65534/)
  })

  it('does not believe a file of another user, and removes it', async () => {
    const cache = openBlockCache(folder)
    await cache.put('batch:a', BYTES)
    chownSync(onlyFile(), NOBODY, 0)
    expect(await cache.get('batch:a')).toBeUndefined()
    expect(await openBlockCache(folder, { shared: true }).get('batch:a')).toEqual(BYTES)
    expect(await cache.stats()).toMatchObject({ batches: 0, leftOvers: 1 })
    expect(await openBlockCache(folder, { shared: true }).stats()).toMatchObject({ batches: 1, leftOvers: 0 })
    await cache.prune()
    expect(readdirSync(folder)).toEqual([])
  })

  it('puts an entry in place of a file of another user', async () => {
    const cache = openBlockCache(folder)
    await cache.put('a', BYTES)
    chownSync(onlyFile(), NOBODY, NOBODY)
    expect(await cache.put('a', BYTES)).toBe(true)
    expect(await cache.get('a')).toEqual(BYTES)
    expect(statSync(onlyFile()).uid).toBe(0)
  })

  it.each(['b', 'c'])('neither reads nor waits for a device in place of a file (%s)', async type => {
    const cache = openBlockCache(folder)
    await cache.put('batch:a', BYTES)
    const file = onlyFile()
    rmSync(file)
    // /dev/zero, and a disk without a driver.
    spawnSync('mknod', [file, type, '1', type === 'c' ? '5' : '250'])
    expect(await cache.get('batch:a')).toBeUndefined()
    expect(await cache.stats()).toMatchObject({ batches: 0, leftOvers: 1 })
    await cache.prune({ maxSize: 0 })
    expect(readdirSync(folder)).toEqual([])
  })

  it('is refused to a user where another one made the folder in /tmp meanwhile', async () => {
    chmodSync(base, 0o1777)
    const program = `
      import { mkdirSync } from 'node:fs'
      import { openBlockCache } from ${JSON.stringify(fileURLToPath(new URL('../../src/index.ts', import.meta.url)))}
      const cache = openBlockCache(${JSON.stringify(folder)})
      process.seteuid(${NOBODY})
      mkdirSync(${JSON.stringify(folder)})
      process.seteuid(0)
      console.log(await cache.put('a', new Uint8Array(9)).catch(error => error.code))
    `
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
    expect([stdout, stderr]).toEqual(['FOLDER_UNTRUSTED\n', ''])
    expect(readdirSync(folder)).toEqual([])
  })

  it('believes files of root, for whoever is not', () => {
    mkdirSync(folder, { mode: 0o755 })
    const index = JSON.stringify(fileURLToPath(new URL('../../src/index.ts', import.meta.url)))
    const program = `
      import { chmodSync, readdirSync } from 'node:fs'
      import { openBlockCache } from ${index}
      const folder = ${JSON.stringify(folder)}
      await openBlockCache(folder).put('a', new Uint8Array(9))
      for (const name of readdirSync(folder)) chmodSync(folder + '/' + name, 0o644)
      process.seteuid(${NOBODY})
      const cache = openBlockCache(folder)
      console.log((await cache.get('a')).length, await cache.put('b', new Uint8Array(9)).catch(error => error.code))
    `
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })
    expect([stdout, stderr]).toEqual(['9 FOLDER_UNWRITABLE\n', ''])
  })
})
