import { appendFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { build, ImageError, type ImageSpec, TreeConflictError } from '../../../src/index.ts'
import { createChrootStore, narInfoOf, storePathOf } from '../../chroot-store.ts'
import { createNixosStore } from '../../nixos-store.ts'
import { temporaryFolder } from '../../temporary.ts'
import type { Tree } from '../nix/nar-support.ts'

const file: Tree = { contents: 'x' }

/** Builds what must fail, into a folder that is not there, and sees that it still is not. */
async function failureOf(spec: ImageSpec): Promise<Error & { code?: string; path?: string }> {
  const out = join(temporaryFolder(), 'new', 'out')
  const error = await (async () => build(spec, { workers: 1 }).toFolder(out))().then(
    () => new Error('it was built'),
    (error: Error) => error,
  )
  expect(readdirSync(join(out, '../..'))).toEqual([])
  return error
}

describe('a build refuses', () => {
  it('a store path that does not match its NAR hash, names it, and leaves nothing behind', async () => {
    const store = createNixosStore(temporaryFolder())
    const path = store.add('damaged', { children: { a: file, b: file } })
    appendFileSync(store.file(`${path}/b`), '!')
    for (const format of ['tar', 'tar.xz'] as const) {
      const error = await failureOf({ source: store.source, format, level: 0 })
      expect(error).toBeInstanceOf(ImageError)
      expect(error).toMatchObject({ code: 'NAR_HASH_MISMATCH', path, message: expect.stringContaining(path) })
    }
  })

  it.each<[string, Tree]>([
    ['another mode', { contents: 'x', executable: true }],
    ['another name', { children: { a: file } }],
    ['another type', { symlink: 'x' }],
  ])('a store path that differs by %s alone', async (_, tree) => {
    const store = createChrootStore(temporaryFolder())
    const path = store.add('a', tree)
    const other: Tree = 'children' in tree ? { children: { b: file } } : file
    store.register(path, { ...narInfoOf(other), references: [] })
    expect(await failureOf({ source: store.source, format: 'tar' })).toMatchObject({ code: 'NAR_HASH_MISMATCH', path })
  })

  it('a store path that is missing', async () => {
    const store = createNixosStore(temporaryFolder())
    rmSync(store.file(store.etc), { recursive: true })
    expect(await failureOf({ source: store.source })).toMatchObject({ code: 'STORE_PATH_MISSING', path: store.etc })
  })

  it('a reference that is missing', async () => {
    const store = createChrootStore(temporaryFolder())
    store.add('a', file, [storePathOf('b')])
    expect(await failureOf({ source: store.source })).toMatchObject({
      ...{ code: 'CLOSURE_INCOMPLETE', path: storePathOf('b') },
    })
  })

  it.each<[string, Record<string, Tree>, RegExp]>([
    ['init', { etc: { children: { 'os-release': file } } }, /has no init/],
    ['os-release', { init: file }, /has no etc\/os-release/],
    ['an init that is a file', { init: { children: {} } }, /init is not a file/],
    [
      'an os-release that is a file',
      { init: file, etc: { children: { 'os-release': { children: {} } } } },
      /is not a file/,
    ],
    [
      'a system that is one',
      { init: file, etc: { children: { 'os-release': file } }, system: { contents: '../x86_64-linux' } },
      /file "system" says "\.\.\/x86_64-linux"/,
    ],
    ['an os-release in the closure', { init: file, etc: { symlink: '/etc' } }, /has no etc\/os-release: .*outside/],
  ])('a toplevel without %s', async (_, children, message) => {
    const store = createChrootStore(temporaryFolder())
    const toplevel = store.add('toplevel', { children })
    expect(await failureOf({ source: store.source, toplevel })).toMatchObject({
      ...{ code: 'TOPLEVEL_INVALID', path: toplevel, message: expect.stringMatching(message) },
    })
  })

  it('a toplevel for another system', async () => {
    const { source, toplevel } = createNixosStore(temporaryFolder())
    expect(await failureOf({ source, toplevel, system: 'aarch64-linux' })).toMatchObject({ code: 'SYSTEM_MISMATCH' })
  })

  it.each<[string, NonNullable<ImageSpec['entries']>[number]]>([
    ['a machine ID that is none', { type: 'file', path: '/etc/machine-id', contents: 'hello\n' }],
    ['a directory for the machine ID', { type: 'directory', path: '/etc/machine-id' }],
    ['a file where systemd-nspawn mounts', { type: 'file', path: '/run', contents: '' }],
  ])('%s, which no machine starts with', async (_, entry) => {
    const { source, toplevel } = createNixosStore(temporaryFolder())
    expect(await failureOf({ source, toplevel, entries: [entry] })).toMatchObject({ code: 'UNFIT', path: entry.path })
  })

  it.each<[string, NonNullable<ImageSpec['entries']>[number], string]>([
    ['os-release', { type: 'file', path: '/etc/os-release', contents: '' }, '/etc/os-release'],
    ['init', { type: 'symlink', path: '/sbin/init', target: 'x' }, '/sbin/init'],
    ['the registration', { type: 'file', path: '/nix-path-registration', contents: '' }, '/nix-path-registration'],
    ['the store', { type: 'symlink', path: '/nix', target: 'x' }, '/nix'],
    ['the mode of the store', { type: 'directory', path: '/nix/store', mode: 0o700 }, '/nix/store'],
    ['what lies in the store', { type: 'file', path: '/nix/store/x', contents: '' }, '/nix/store/x'],
  ])('an entry that takes the place of %s', async (_, entry, path) => {
    const { source, toplevel } = createNixosStore(temporaryFolder())
    const error = await failureOf({ source, toplevel, entries: [entry] })
    expect(error).toBeInstanceOf(TreeConflictError)
    expect(error).toMatchObject({ path })
    expect((error as TreeConflictError).origins).toContain(`the spec's entries`)
  })

  it.each(['', '/', 'a', 'a/b', '/a/', '//a', '/a//b', '/.', '/..', '/a/./b', '/a/../b', '/a/..', '/a\0'])(
    'the path %j of an entry',
    async path => {
      const { source } = createChrootStore(temporaryFolder())
      const entries = [{ type: 'directory', path } as const]
      expect(await failureOf({ source, entries })).toMatchObject({ code: 'ENTRY_INVALID' })
    },
  )

  it.each<[string, NonNullable<ImageSpec['entries']>[number]]>([
    ['a mode that is no number', { type: 'directory', path: '/a', mode: Number.NaN }],
    ['a mode that is too large', { type: 'file', path: '/a', contents: '', mode: 0o10000 }],
    ['a negative mode', { type: 'file', path: '/a', contents: '', mode: -1 }],
    ['an empty target', { type: 'symlink', path: '/a', target: '' }],
    ['a target with NUL', { type: 'symlink', path: '/a', target: 'a\0' }],
  ])('an entry with %s', async (_, entry) => {
    const { source } = createChrootStore(temporaryFolder())
    expect(await failureOf({ source, entries: [entry] })).toMatchObject({ code: 'ENTRY_INVALID', path: '/a' })
  })

  it('names and settings that systemd would refuse', async () => {
    const { source } = createChrootStore(temporaryFolder())
    expect(await failureOf({ source, name: 'a b' })).toMatchObject({ code: 'IMAGE_NAME_INVALID' })
    expect(await failureOf({ source, name: '../a' })).toMatchObject({ code: 'IMAGE_NAME_INVALID' })
    expect(await failureOf({ source, nspawn: '\0' })).toMatchObject({ code: 'SETTINGS_INVALID' })
  })

  it.each<[string, Partial<ImageSpec> | { workers: number }]>([
    ...[-1, 10, 1.5, Number.NaN].map((level): [string, Partial<ImageSpec>] => [`level ${level}`, { level }]),
    ...[0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY].map((workers): [string, { workers: number }] => [
      ...([`${workers} workers`, { workers }] as const),
    ]),
    ['a format that there is not', { format: 'tar.bz2' as 'tar' }],
    ['a format that every object has', { format: 'toString' as 'tar' }],
  ])('%s, as a RangeError', async (_, { workers, ...spec }: Partial<ImageSpec> & { workers?: number }) => {
    const { source } = createChrootStore(temporaryFolder())
    const options = workers === undefined ? {} : { workers }
    expect(() => build({ source, ...spec }, options)).toThrow(RangeError)
  })

  it('nothing at all to build', async () => {
    expect(await failureOf({})).toBeInstanceOf(TypeError)
    expect(await failureOf({ roots: [], source: { store: '/' } })).toBeInstanceOf(TypeError)
  })
})
