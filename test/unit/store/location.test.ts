import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { locateStore, resolveRoot, type StoreLocation } from '../../../src/store/location.ts'
import { type ChrootStore, createChrootStore, storePathOf } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'

let folder = ''
let store: ChrootStore
let path = ''
let location: StoreLocation
beforeEach(() => {
  folder = temporaryFolder()
  store = createChrootStore(folder)
  path = store.add('hello', { children: { bin: { children: { hello: { contents: '' } } } } })
  location = locateStore(store.root)
})
const resolved = (input: string) => resolveRoot(location, input).path
const link = (target: string, name: string) => {
  symlinkSync(target, join(folder, name))
  return join(folder, name)
}

describe('locateStore', () => {
  it('finds folder and database below a root', () => {
    expect(locateStore('/mnt')).toEqual({
      ...{ storeDir: '/nix/store', physicalDir: '/mnt/nix/store' },
      ...{ state: '/mnt/nix/var/nix', database: '/mnt/nix/var/nix/db/db.sqlite' },
    })
    expect(locateStore()).toMatchObject({ physicalDir: '/nix/store', database: '/nix/var/nix/db/db.sqlite' })
    expect(locateStore('relative').physicalDir).toBe(join(process.cwd(), 'relative/nix/store'))
  })

  it('takes folders that are elsewhere', () => {
    expect(locateStore('/mnt', { real: '/files', state: '/state' })).toMatchObject({
      ...{ storeDir: '/nix/store', physicalDir: '/files', database: '/state/db/db.sqlite' },
    })
  })
})

describe('resolveRoot', () => {
  it('takes a store path, as the store says it or as it lies on disk', () => {
    expect(resolved(path)).toBe(path)
    expect(resolved(store.file(path))).toBe(path)
  })

  it('takes what is inside a store path', () => {
    expect(resolved(`${path}/bin/hello`)).toBe(path)
    expect(resolved(`${store.file(path)}/bin/hello`)).toBe(path)
    expect(resolved(`${path}/`)).toBe(path)
  })

  it('follows a link to the store, though its target is not there', () => {
    expect(resolved(link(path, 'result'))).toBe(path)
  })

  it('follows a relative link into the files', () => {
    expect(resolved(link(`root${path}`, 'result'))).toBe(path)
  })

  it('follows a chain of links', () => {
    link(path, 'one')
    link('./one', 'two')
    expect(resolved(link(join(folder, 'two'), 'three'))).toBe(path)
  })

  it('follows a link from the folder that one is in', () => {
    link(path, 'result')
    const here = process.cwd()
    process.chdir(folder)
    try {
      expect(resolved('./result')).toBe(path)
      expect(resolved('result')).toBe(path)
    } finally {
      process.chdir(here)
    }
  })

  it('follows what lies below a link to a folder', () => {
    mkdirSync(join(folder, 'profiles'))
    link(path, 'profiles/system')
    expect(resolved(join(link('profiles', 'current'), 'system'))).toBe(path)
  })

  it('follows a relative link below a link to a folder from where the folder is', () => {
    mkdirSync(join(folder, 'deep/er/profiles'), { recursive: true })
    link('../../generation', 'deep/er/profiles/system')
    link(path, 'deep/generation')
    expect(resolved(join(link('deep/er/profiles', 'current'), 'system'))).toBe(path)
  })

  it('takes what is inside a link to a store path, though its target is not there', () => {
    expect(resolved(`${link(path, 'result')}/bin/hello`)).toBe(path)
  })

  it('stops at the first store path, even if that is a link itself', () => {
    const other = store.add('link', { symlink: path })
    expect(resolved(link(other, 'result'))).toBe(other)
  })

  it.each<[string, () => string, RegExp]>([
    ['a missing file', () => join(folder, 'missing'), /no such file/],
    ['a file elsewhere', () => join(store.root, '../info/registration'), /no store path/],
    ['a folder elsewhere', () => folder, /no store path/],
    ['the store itself', () => '/nix/store', /not in the store/],
    ['a loop', () => link('loop', 'loop'), /not in the store/],
    ['a dangling link', () => link('nowhere', 'dangling'), /no such file/],
  ])('refuses %s', (_, input, message) => {
    const given = input()
    expect(() => resolved(given)).toThrow(
      expect.objectContaining({ code: 'ROOT_NOT_IN_STORE', path: given, message: expect.stringMatching(message) }),
    )
  })

  it('refuses what is in the folder of the store but no store path', () => {
    expect(() => resolved('/nix/store/.links/abc')).toThrow(/not a store path/)
    expect(() => resolved(`${storePathOf('x').slice(0, 30)}`)).toThrow(/not a store path/)
  })

  it('follows forty links and no more', () => {
    link(path, 'link0')
    for (let i = 1; i < 60; i++) link(`link${i - 1}`, `link${i}`)
    expect(resolved(join(folder, 'link38'))).toBe(path)
    expect(() => resolved(join(folder, 'link59'))).toThrow(expect.objectContaining({ code: 'ROOT_NOT_IN_STORE' }))
  })
})
