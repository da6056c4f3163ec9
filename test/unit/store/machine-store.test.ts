import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { storeOfUrl } from '../../../src/store/machine-store.ts'
import { parseStoreUrl } from '../../../src/store/store-url.ts'
import { temporaryFolder, unprivileged } from '../../temporary.ts'

describe('parseStoreUrl', () => {
  it.each([
    ['', { reach: 'auto' }],
    ['auto', { reach: 'auto' }],
    ['auto?root=/x', { reach: 'auto', root: '/x' }],
    ['local', { reach: 'files' }],
    ['local?root=/x', { reach: 'files', root: '/x' }],
    ['local?root=/a%20b&state=/s&real=/r&read-only=true', { reach: 'files', root: '/a b', state: '/s', real: '/r' }],
    ['/x', { reach: 'files', root: '/x' }],
    ['/x?state=/s', { reach: 'files', root: '/x', state: '/s' }],
    ['./x', { reach: 'files', root: resolve('x') }],
    ['local://', { reach: 'files' }],
    ['local:///a%20b', { reach: 'files', root: '/a b' }],
    ['local://?real=/r&root=/x', { reach: 'files', root: '/x', real: '/r' }],
    ['local-overlay://?root=/x&lower-store=/y', { reach: 'files', root: '/x' }],
    ['daemon', { reach: 'daemon' }],
    ['unix://', { reach: 'daemon' }],
    ['unix:///run/socket?root=/x', { reach: 'daemon', root: '/x' }],
    ['/100%', { reach: 'files', root: '/100%' }],
    ['ssh-ng://builder?root=/x', { reach: 'remote' }],
    ['https://cache.test', { reach: 'remote' }],
    ['file:///cache', { reach: 'remote' }],
    ['nonsense', { reach: 'remote' }],
  ])('%s', (url, expected) => {
    expect(parseStoreUrl(url)).toEqual(expected)
  })
})

describe('storeOfUrl', () => {
  it('takes the folders of a chroot store', () => {
    expect(storeOfUrl('local?root=/x', {})).toMatchObject({
      ...{ reach: 'files', storeDir: '/nix/store', physicalDir: '/x/nix/store' },
      database: '/x/nix/var/nix/db/db.sqlite',
    })
  })

  it('looks for the database in NIX_STATE_DIR, but not that of a chroot store', () => {
    const environment = { NIX_STATE_DIR: '/state' }
    expect(storeOfUrl('local', environment).database).toBe('/state/db/db.sqlite')
    expect(storeOfUrl('local?root=/x', environment).database).toBe('/x/nix/var/nix/db/db.sqlite')
    expect(storeOfUrl('local?state=/other', environment).database).toBe('/other/db/db.sqlite')
  })

  it('is that of a daemon where only a daemon may change it', () => {
    const folder = temporaryFolder()
    const environment = { NIX_STATE_DIR: '/proc/1/nowhere', NIX_DAEMON_SOCKET_PATH: folder }
    expect(storeOfUrl('auto', environment).reach).toBe('daemon')
    expect(storeOfUrl('auto', { ...environment, NIX_STATE_DIR: folder }).reach).toBe('files')
    expect(storeOfUrl('auto', { ...environment, NIX_DAEMON_SOCKET_PATH: '/proc/1/nowhere' }).reach).toBe('files')
  })

  it('is not the one in a home while a folder is given or there is one for all', () => {
    const home = temporaryFolder()
    mkdirSync(join(home, '.local/share/nix/root'), { recursive: true })
    const root = (url: string) => unprivileged(() => storeOfUrl(url, { HOME: home })).physicalDir
    expect(root('auto?root=/x')).toBe('/x/nix/store')
    expect(root('local')).toBe('/nix/store')
  })
})
