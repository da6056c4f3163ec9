import { beforeEach, describe, expect, it } from 'vitest'
import { followLinks, openClosure } from '../../../src/store/index.ts'
import { type ChrootStore, createChrootStore, storePathOf } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'

let store: ChrootStore
let etc = ''
beforeEach(() => {
  store = createChrootStore(temporaryFolder())
  etc = store.add('etc', { children: { etc: { children: { 'os-release': { contents: 'ID=nixos' } } } } })
})

/** Where a path inside a store path of these links leads, as a path of the store. */
async function follow(links: Record<string, string>, name: string): Promise<string> {
  const children = Object.fromEntries(Object.entries(links).map(([name, symlink]) => [name, { symlink }]))
  const sub = { children: { file: { contents: '' }, up: { symlink: '..' } } }
  const system = store.add('system', { children: { ...children, sub } }, [etc])
  const { closure } = await openClosure(store.source, [])
  const { path } = await followLinks(closure, `${system}/${name}`)
  return `/${path}`.replace(system, 'SYSTEM').replace(etc, 'ETC')
}

describe('followLinks', () => {
  it.each<[string, Record<string, string>, string, string]>([
    ['no link', {}, 'sub/file', 'SYSTEM/sub/file'],
    ['a relative link', { a: 'sub/file' }, 'a', 'SYSTEM/sub/file'],
    ['a link on the way', { a: 'sub' }, 'a/file', 'SYSTEM/sub/file'],
    ['links of links', { a: 'b', b: './c', c: 'sub//file' }, 'a', 'SYSTEM/sub/file'],
    ['"..", behind a link, from where that leads', { a: 'sub/up/sub/file' }, 'a', 'SYSTEM/sub/file'],
    ['".." that stays inside', { a: 'sub/../sub/./file' }, 'a', 'SYSTEM/sub/file'],
    ['".." out of the root', { a: `${'../'.repeat(20)}${storePathOf('etc').slice(1)}` }, 'a', 'ETC'],
    [
      'an absolute link into another store path',
      { etc: `${storePathOf('etc')}/etc` },
      'etc/os-release',
      'ETC/etc/os-release',
    ],
    [
      'a relative link into another store path',
      { etc: `../${storePathOf('etc').slice(11)}/etc` },
      'etc/os-release',
      'ETC/etc/os-release',
    ],
  ])('follows %s', async (_, links, name, expected) => {
    expect(await follow(links, name)).toBe(expected)
  })

  it.each<[string, Record<string, string>, string, RegExp]>([
    ['a loop', { a: 'b', b: 'a' }, 'a', /40 symlinks/],
    ['a link to itself', { a: 'a' }, 'a', /40 symlinks/],
    ['a link out of the store', { a: '/etc/os-release' }, 'a', /leads to \/etc, outside/],
    ['".." out of the store', { a: '../../../etc' }, 'a', /leads to \/etc, outside/],
    ['a store path that is not in the closure', { a: storePathOf('stranger') }, 'a', /stranger, outside/],
    ['a missing file', { a: 'nowhere' }, 'a', /no such file/],
    ['a file taken for a folder', { a: 'sub/file/x' }, 'a', /not a directory/],
  ])('refuses %s', async (_, links, name, message) => {
    await expect(follow(links, name)).rejects.toThrow(
      expect.objectContaining({ code: 'LINK_UNRESOLVED', message: expect.stringMatching(message) }),
    )
  })
})
