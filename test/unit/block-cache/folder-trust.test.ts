import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { BlockCacheError, openBlockCache } from '../../../src/index.ts'
import { temporaryFolder } from '../../temporary.ts'

let base = ''
beforeEach(() => {
  base = temporaryFolder()
})

/** Makes a folder with a mode, whatever the umask. */
function makeFolder(mode: number, ...names: string[]): string {
  const folder = join(base, ...names)
  mkdirSync(folder, { recursive: true })
  chmodSync(folder, mode)
  return folder
}

function faultOf(folder: string): BlockCacheError {
  try {
    openBlockCache(folder)
  } catch (error) {
    expect(error).toBeInstanceOf(BlockCacheError)
    return error as BlockCacheError
  }
  throw new Error(`${folder} was not refused`)
}

describe('the folder of a cache is refused', () => {
  it.each([
    ['by all users', 0o777, /can be written by all users/],
    ['by all users, who cannot remove what is there', 0o1777, /can be written by all users/],
    ['by all users who know a name in it', 0o703, /can be written by all users/],
  ])('where it can be written %s', (_, mode, message) => {
    const folder = makeFolder(mode, 'cache')
    expect(faultOf(folder)).toMatchObject({ code: 'FOLDER_UNTRUSTED', path: folder })
    const { message: text } = faultOf(folder)
    expect(text).toMatch(message)
    for (const advice of [folder, 'chmod go-w', '--cache-dir', '--cache-shared']) expect(text).toContain(advice)
  })

  it.each([
    ['is there', () => makeFolder(0o700, 'open', 'cache')],
    ['is yet to be made', () => join(base, 'open', 'deep', 'cache')],
  ])('where a folder above it can be written by all, whether it %s', (_, place) => {
    const folder = place()
    const above = makeFolder(0o777, 'open')
    expect(faultOf(folder)).toMatchObject({ path: above, message: expect.stringContaining(folder) })
  })

  it('where a symlink leads into such a folder, or through one', () => {
    const open = makeFolder(0o777, 'open')
    makeFolder(0o700, 'open', 'cache')
    symlinkSync('open/cache', join(base, 'link'))
    expect(faultOf(join(base, 'link'))).toMatchObject({ path: open })
    expect(faultOf(join(base, 'link', 'new'))).toMatchObject({ path: open })
    makeFolder(0o700, 'cache')
    symlinkSync('../cache', join(open, 'back'))
    expect(faultOf(join(open, 'back'))).toMatchObject({ path: open })
  })
})

describe('the folder of a cache is taken', () => {
  it.each([
    ['one of its user alone', () => makeFolder(0o700, 'cache')],
    ['one that others may read', () => makeFolder(0o755, 'cache')],
    ['one that the user alone is the group of', () => makeFolder(0o775, 'cache')],
    ['one in a folder for all, such as /tmp', () => join(makeFolder(0o1777, 'tmp'), 'cache')],
  ])('%s', (_, place) => {
    expect(openBlockCache(place()).folder).toContain(base)
  })

  it('by way of a symlink', () => {
    makeFolder(0o700, 'cache')
    symlinkSync('cache', join(base, 'link'))
    expect(openBlockCache(join(base, 'link')).folder).toBe(join(base, 'link'))
  })

  it('though others can write there, where that is said', async () => {
    const folder = makeFolder(0o777, 'cache')
    const cache = openBlockCache(folder, { shared: true })
    expect(await cache.put('a', Uint8Array.of(1))).toBe(true)
    expect(await cache.get('a')).toEqual(Uint8Array.of(1))
  })

  it('as a URL', () => {
    expect(openBlockCache(new URL(`file://${makeFolder(0o700, 'a b').replace(' ', '%20')}`)).folder).toBe(
      join(base, 'a b'),
    )
  })
})

describe('a folder that cannot be meant', () => {
  it.each(['', 0, null, {}, []])('%j is a TypeError', folder => {
    expect(() => openBlockCache(folder as never)).toThrow(TypeError)
  })
  it.each([-1, Number.NaN, 0.5])('maxSize %j is a RangeError', maxSize => {
    expect(() => openBlockCache(base, { maxSize })).toThrow(RangeError)
  })
  it.each([{ maxSize: '1' }, { size: 1 }, { shared: 1 }, null])('options %j are a TypeError', options => {
    expect(() => openBlockCache(base, options as never)).toThrow(TypeError)
  })
})
