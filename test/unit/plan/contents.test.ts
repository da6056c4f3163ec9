import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { build, type ImageSpec } from '../../../src/index.ts'
import { createChrootStore, narInfoOf } from '../../chroot-store.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import { type ReadEntry, readArchive } from '../tar/archive.ts'

async function entriesOf(spec: ImageSpec): Promise<Map<string, ReadEntry>> {
  const tar = await buffer(Readable.from(build({ ...spec, format: 'tar' }, { workers: 1 }).stream()))
  return new Map((await readArchive(tar)).map(entry => [entry.path, entry]))
}

describe('the image of a NixOS system', () => {
  it('boots: init, profile, mount points and os-release are there', async () => {
    const { source, toplevel } = createNixosStore(temporaryFolder())
    const entries = await entriesOf({ source, toplevel })
    expect(entries.get('sbin/init')).toMatchObject({ type: 'symlink', linkname: '/nix/var/nix/profiles/system/init' })
    expect(entries.get('nix/var/nix/profiles/system')).toMatchObject({ type: 'symlink', linkname: toplevel })
    for (const path of ['dev', 'proc', 'sys', 'etc', 'nix/store']) {
      expect(entries.get(path)).toMatchObject({ type: 'directory', mode: 0o755 })
    }
  })

  it('has a real file for os-release, though it is a symlink across store paths', async () => {
    const { source, toplevel, etc } = createNixosStore(temporaryFolder())
    const entries = await entriesOf({ source, toplevel })
    expect(entries.get(`${etc.slice(1)}/etc/os-release`)).toMatchObject({ type: 'symlink' })
    expect(entries.get('etc/os-release')).toMatchObject({ type: 'file', mode: 0o444 })
    expect(entries.get('etc/os-release')!.contents.toString()).toBe('ID=nixos\n')
  })

  it('gives everything to root, as of second 1, each parent before what lies in it, in one order', async () => {
    const { source, toplevel } = createNixosStore(temporaryFolder())
    const entries = await entriesOf({ source, toplevel, entries: [{ type: 'file', path: '/a/b/c', contents: 'ä' }] })
    const seen = new Set([''])
    for (const { path, uid, gid, mtime } of entries.values()) {
      expect({ uid, gid, mtime }).toEqual({ uid: 0, gid: 0, mtime: 1 })
      expect(seen).toContain(path.split('/').slice(0, -1).join('/'))
      seen.add(path)
    }
    const keys = [...entries.keys()].map(path => path.replaceAll('/', '\0'))
    expect(keys).toEqual(keys.toSorted((a, b) => (a < b ? -1 : 1)))
    expect(entries.get('a/b/c')!.contents.toString()).toBe('ä')
  })

  it('gives store paths the modes of a store, whatever they have on disk', async () => {
    const { source, toplevel } = createNixosStore(temporaryFolder())
    const entries = await entriesOf({ source, toplevel })
    expect(entries.get(toplevel.slice(1))).toMatchObject({ type: 'directory', mode: 0o555 })
    expect(entries.get(`${toplevel.slice(1)}/init`)).toMatchObject({ type: 'file', mode: 0o555 })
    expect(entries.get(`${toplevel.slice(1)}/system`)).toMatchObject({ type: 'file', mode: 0o444 })
    expect(entries.get(`${toplevel.slice(1)}/etc`)).toMatchObject({ type: 'symlink', mode: 0o777 })
  })
})

describe('nix-path-registration', () => {
  it('registers exactly the store paths of the image', async () => {
    const store = createChrootStore(temporaryFolder())
    const tree = { contents: 'x' }
    const b = store.add('b', tree)
    const a = store.add('a', tree, [b])
    const entries = await entriesOf({ source: store.source })
    const entry = entries.get('nix-path-registration')!
    const { narSize } = narInfoOf(tree)
    const records = [[a, [b]] as const, [b, []] as const].toSorted(([a], [b]) => (a < b ? -1 : 1))
    const hash = /sha256:[0-9a-z]{52}/.exec(entry.contents.toString())![0]
    expect(entry.mode).toBe(0o444)
    expect(entry.contents.toString()).toBe(
      records
        .map(([path, references]) => [path, hash, narSize, '', references.length, ...references, ''].join('\n'))
        .join(''),
    )
  })
})
