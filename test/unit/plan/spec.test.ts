import { beforeEach, describe, expect, it } from 'vitest'
import { build, type ImageEntry, type ImageSpec } from '../../../src/index.ts'
import { type ChrootStore, createChrootStore } from '../../chroot-store.ts'
import { temporaryFolder } from '../../temporary.ts'

let spec: ImageSpec
let store: ChrootStore
beforeEach(() => {
  store = createChrootStore(temporaryFolder())
  store.add('a', { contents: 'x' })
  spec = { source: store.source, name: 'image', format: 'tar' }
})
const buildHere = async (more: object) => {
  let size = 0
  for await (const chunk of build({ ...spec, ...more }, { workers: 1 }).stream()) size += chunk.length
  return size
}
const file = (path: string): ImageEntry => ({ type: 'file', path, contents: '' })

describe('a spec', () => {
  it.each([
    ['a name of 256 bytes', file(`/${'é'.repeat(128)}`)],
    ['a path of 4096 bytes', file(`/${'a/'.repeat(2047)}b`)],
    ['a relative path', file('etc')],
    ['the root', file('/')],
    ['a path with ..', file('/etc/../passwd')],
    ['a target of 4096 bytes', { type: 'symlink', path: '/a', target: 'a'.repeat(4096) }],
    ['a target that is empty', { type: 'symlink', path: '/a', target: '' }],
    ['a mode that is none', { type: 'directory', path: '/a', mode: 0o10000 }],
  ] as [string, ImageEntry][])('may not have an entry with %s', async (_, entry) => {
    await expect(buildHere({ entries: [entry] })).rejects.toMatchObject({ code: 'ENTRY_INVALID', path: entry.path })
  })

  it('may have names and paths as long as Linux has them', async () => {
    const entries = [file(`/${'é'.repeat(127)}a`), file(`/${`${'a'.repeat(254)}/`.repeat(16)}${'b'.repeat(14)}`)]
    expect(await buildHere({ entries })).toBeGreaterThan(0)
  })

  it.each([
    ['an entry of no type', { entries: [{ path: '/a' }] }, /entries\[0\]\.type: give one of file, directory, symlink/],
    ['an entry that is null', { entries: [null] }, /entries\[0\]: give an object, not null/],
    ['an entry without a path', { entries: [{ type: 'directory' }] }, /entries\[0\]\.path: is missing/],
    ['a symlink without a target', { entries: [{ type: 'symlink', path: '/a' }] }, /entries\[0\]\.target: is missing/],
    ['entries that are no list', { entries: '/etc' }, /entries: give a list/],
    ['a file without contents', { entries: [{ type: 'file', path: '/a' }] }, /entries\[0\]\.contents: is missing/],
    ['roots that are no list', { roots: '/nix/store/x' }, /roots: give a list/],
    ['an empty path', { source: { closureInfo: '' } }, /closureInfo: give a path/],
    ['nothing to build', { source: {} }, /nothing to build/],
  ])('is a TypeError with %s', async (_, more, message) => {
    const error = await buildHere(more).catch(thrown => thrown)
    expect(error).toBeInstanceOf(TypeError)
    expect(error.message).toMatch(message)
  })

  it.each([
    ['system', 'foo'],
    ['format', 'zip'],
    ['level', 10],
  ])('is a RangeError with another %s than there is', async (name, value) => {
    const error = await buildHere({ [name]: value }).catch(thrown => thrown)
    expect(error).toBeInstanceOf(RangeError)
    expect(error.message).toMatch(new RegExp(`^spec\\.${name}: .*, not .*${value}`))
  })

  it('may have a file larger than a block', async () => {
    const contents = new Uint8Array(40 * 1024 * 1024)
    const { manifest } = await build(
      { ...spec, format: 'tar.xz', level: 0, entries: [{ type: 'file', path: '/zeros', contents }] },
      { workers: 2 },
    ).toFolder(temporaryFolder())
    expect(manifest.blocks.at(-1)!.tarOffset + manifest.blocks.at(-1)!.tarSize).toBe(manifest.tarSize)
    expect(Math.max(...manifest.blocks.map(block => block.tarSize))).toBe(16 * 1024 * 1024)
  })

  it('is named the same on every machine', async () => {
    const { name, manifest } = await build({ source: store.source, format: 'tar' }).toFolder(temporaryFolder())
    expect(name).toBe('nixos-system-x86_64-linux')
    expect(manifest).not.toHaveProperty('system')
  })
})
